"""
Questions to the whole catalog: a DuckDB connection over it, and Polars frames, in one line.

    from cardcat import analysis

    with analysis.connect() as db:
        db.sql("SELECT camera_model, count(*) FROM media_files GROUP BY ALL").pl()

    analysis.ask("waste_by_folder")
    analysis.frame("volumes")

Nothing that is done there reaches the catalog, and nothing is downloaded.
"""

from __future__ import annotations

from cardcat.analysis.asking import ask
from cardcat.analysis.opening import answered, connect, frame
from cardcat.analysis.rows import Rows, Tables, as_frame
from cardcat.analysis.snapshot import home
from cardcat.analysis.statements import Question, question, questions
from cardcat.analysis.working import Recipe, WorkedOut, in_memory

__all__ = [
    "Question",
    "Recipe",
    "Rows",
    "Tables",
    "WorkedOut",
    "answered",
    "as_frame",
    "ask",
    "connect",
    "frame",
    "home",
    "in_memory",
    "question",
    "questions",
]
