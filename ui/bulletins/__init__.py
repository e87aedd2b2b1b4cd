"""The page of the notices of the province."""
