"""Why a network answers a picture with this face."""
