"""Networks and losses. Nothing here knows paths, configuration, devices or printing."""
