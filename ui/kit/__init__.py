"""Widgets, theme, actions and models that every page shares."""
