"""How a desk and the province's server come to the same state."""
