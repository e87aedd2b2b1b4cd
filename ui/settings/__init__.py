"""The page of what a person may set."""
