"""Evidence: what a network remembers, what it copies, and by which law it answers."""
