"""The catalog's schema as text: `python -m cardcat.catalog.schema > sql/schema.sql`."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from cardcat.catalog import sqlite
from cardcat.catalog.migrate import revisions, upgrade_file

_HEADER = """\
-- The catalog as the migrations make it, on SQLite; a new one is made from this text.
-- Generated, not edited by hand: python -m cardcat.catalog.schema > sql/schema.sql
-- Revision {}, SHA-256 of what follows: {}
"""
_STATEMENTS = """
    SELECT sql FROM sqlite_master
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> 'alembic_version'
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END,
        CASE type WHEN 'table' THEN rowid END, name
"""


def fresh_schema() -> str:
    """The statements that make the catalog of this version, from one that was just made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        upgrade_file(path)
        with closing(sqlite.connect(path)) as connection:
            schema = schema_of(connection)
    return _HEADER.format(revisions()[-1], hashlib.sha256(schema.encode()).hexdigest()) + schema


def schema_of(connection: sqlite3.Connection) -> str:
    """The statements that make the database at *connection*: tables, then indexes, then views."""
    return "".join(f"\n{_tidy(sql)};\n" for (sql,) in connection.execute(_STATEMENTS))


def _tidy(sql: str) -> str:
    lines = "\n".join(line.rstrip() for line in sql.expandtabs(4).splitlines() if line.strip())
    unquoted = re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", lines)  # as a table is that was renamed
    return unquoted.replace(")\n WITHOUT", ") WITHOUT")


if __name__ == "__main__":
    sys.stdout.write(fresh_schema())
