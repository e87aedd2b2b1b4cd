"""Reference data as a synced kind with validity dates."""
