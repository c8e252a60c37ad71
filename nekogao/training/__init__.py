"""Training: phases, exact resume, measurements and sheets."""
