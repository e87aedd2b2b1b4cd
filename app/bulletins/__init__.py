"""The province's notices with read marks: the smallest feature."""
