"""Tokens: the helper process that owns a PKCS#11 library, and the signer over it."""
