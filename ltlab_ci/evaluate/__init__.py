"""Judging, pure: the same facts and answers always give the same verdicts."""
