"""Files: what a record says of a file, and reading PDFs."""
