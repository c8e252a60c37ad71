"""Measures speed and memory against plain baselines; being slow is reported and is no error."""
