"""Recorded launches of services whose truth is known, and what comparisons make of them."""
