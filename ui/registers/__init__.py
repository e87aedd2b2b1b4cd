"""The page of numbering books: who holds them, and every number with what became of it."""
