"""Forms of the decree as PDF/A, set by typst from templates and data."""
