"""Work that needs two features, without a window: sign, seal, answer, take in."""
