"""The page of search over everything that the person may see."""
