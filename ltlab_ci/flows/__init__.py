"""The straight lines: what happens in which order. Only here do the stages meet."""
