"""A small service to put under load: known latencies, known errors, nothing to install around it."""
