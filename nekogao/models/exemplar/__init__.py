"""The exemplar family: the training pairs themselves, bent and put together."""
