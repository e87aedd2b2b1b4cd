"""Batches: many documents, one key, one PIN; the key never waits for a document."""
