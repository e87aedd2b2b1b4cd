"""Trust: anchors, what certificates say, and what is asked of authorities on the line."""
