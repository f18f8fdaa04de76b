"""A shop with three items, for the load test beside it."""
