"""Ký tệp: sign any file of the disk, for any purpose, with one's own key."""
