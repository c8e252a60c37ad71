"""Measures speed against textbook baselines, in one process. Nothing here fails for being slow."""
