"""The desk's half: rounds, transport, files, and the service that drives them."""
