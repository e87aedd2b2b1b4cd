"""Outgoing documents: drafting, signing, sealing, issuing, following, and checking signatures."""
