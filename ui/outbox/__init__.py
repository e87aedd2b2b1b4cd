"""What waits to be sent, what was refused, and where the line stands."""
