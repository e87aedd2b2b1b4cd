"""The window around the pages: start, login, navigation, palette, status, crash dialog."""
