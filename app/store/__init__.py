"""The desk's encrypted database, its outbox, its replica of the server and its files."""
