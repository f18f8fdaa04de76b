"""Samples on disk, and answers from them. `duck` is the embedded store."""
