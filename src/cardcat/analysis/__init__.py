"""
Questions to the whole catalog: a DuckDB connection over it, and Polars frames, in one line.

    from cardcat import analysis

    with analysis.connect() as db:
        db.sql("SELECT camera_model, count(*) FROM media_files GROUP BY ALL").pl()
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from cardcat.catalog.arrow import TABLES, read_table
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.views import ENTRIES


def connect(catalog: str | Path | None = None) -> duckdb.DuckDBPyConnection:
    """
    A DuckDB connection that sees every table of the catalog, and the view `entries`, under their own names.

    What is done there never reaches the catalog. CatalogError if there is none, or it can't be read.
    """
    db = duckdb.connect(":memory:")
    with open_catalog(catalog, create=False) as opened:
        for name in TABLES:
            db.register(name, read_table(opened.path, name))
    db.execute(ENTRIES)
    return db
