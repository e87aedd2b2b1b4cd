"""What of the files lies on this machine, what waits, and what is kept offline."""
