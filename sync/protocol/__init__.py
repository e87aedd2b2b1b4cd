"""What travels between a desk and the server: messages and their coding, no behaviour."""
