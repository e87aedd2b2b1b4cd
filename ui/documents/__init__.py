"""Pages of documents: the reader that both directions share, and incoming documents."""
