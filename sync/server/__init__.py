"""The province's reference server: one core over SQLite or PostgreSQL, a thin HTTP skin."""
