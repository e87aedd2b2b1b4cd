"""Our own view of PDF pages, rendered off the GUI thread."""
