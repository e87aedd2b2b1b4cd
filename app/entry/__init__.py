"""The composition root: builds every object once; alone may import everything."""
