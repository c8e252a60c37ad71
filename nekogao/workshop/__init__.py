"""From photographs to answers in one call."""
