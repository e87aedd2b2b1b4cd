"""Qt, and nothing but: windows, bridges from workers to the GUI thread, shared widgets."""
