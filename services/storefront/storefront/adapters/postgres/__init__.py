"""Ports kept in PostgreSQL, as plain SQL on asyncpg."""
