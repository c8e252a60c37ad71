"""Exemplars: the answer is a training pair's target, bent so that its source fits the new one."""
