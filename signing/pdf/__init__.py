"""PDFs: where a signature goes, how it looks, and the signature itself (PAdES)."""
