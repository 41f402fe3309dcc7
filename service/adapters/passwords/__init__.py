"""Password hashing: the scheme, and the pool that gives it a budget."""
