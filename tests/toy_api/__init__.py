"""Tests of the toy service: its behaviour in-process, and one real start."""
