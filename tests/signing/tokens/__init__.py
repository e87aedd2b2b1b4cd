"""Tokens in detail: binding, catalogue, logins, presence, diagnosis."""
