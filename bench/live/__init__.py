"""Comparisons as users make them, with a truth that was drawn beforehand: what they said is the ledger."""
