"""One seed, one life: both real engines, real SQLite on both ends, and everything that fails."""
