"""The way from worker threads to the GUI thread: lanes, changes, prompts."""
