"""Work on PDFs in processes of its own: bounded, replaceable, and never in the window's way."""
