"""Incoming and outgoing documents: registered, instructed, handled, signed, issued."""
