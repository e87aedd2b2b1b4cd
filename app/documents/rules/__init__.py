"""The rules of documents: pure, and run alike on the desk and on the server."""
