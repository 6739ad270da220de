"""The catalog: the only place that talks to SQLite or PostgreSQL."""
