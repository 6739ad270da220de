"""The questions in sql/: one DuckDB statement a file, under a comment that says what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog.arrow import TABLES
from cardcat.catalog.views import ENTRIES
from cardcat.errors import UsageError
from cardcat.shipped import ROOT

_SCHEMA = "schema"  # lies there too, and is no question
_OURS = "why_"  # what the explanation of duplicates asks, and nobody else

DRIVES = """
CREATE VIEW drives AS
SELECT volume_id, volume_key, name, last_seen_at,
    CASE WHEN count(*) OVER (PARTITION BY name) > 1 THEN name || ' (' || substr(uuid, 1, 8) || ')'
        ELSE name END AS drive
FROM (
    SELECT id AS volume_id, "key" AS volume_key, uuid, last_seen_at,
        coalesce(nullif(label, ''), nullif(last_mount_point, ''), "key") AS name
    FROM volumes
)
"""
"""The view of volumes by their names, the rule of `catalog.volumes.volume_name`."""

VIEWS = {"entries": ENTRIES.replace(" / ", " // "), "drives": DRIVES}  # SQLite's division of whole numbers
"""What there is beside the tables, by name: the statement that makes it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A statement. *about* is what its header says below the *title*, *parameters* what it takes."""

    name: str
    title: str
    about: str
    parameters: tuple[str, ...]
    sql: str


def questions() -> list[Question]:
    """What people may want to ask, by name."""
    asked = {name: file for name, file in _files().items() if not name.startswith(_OURS)}
    return [_question(name, file.read_text("utf-8")) for name, file in asked.items()]


def question(name: str) -> Question:
    """The question *name*. UsageError if there is none."""
    files = _files()
    if name not in files:
        raise UsageError(f"There is no question '{name}'.", hint="To see all: cardcat ask")
    return _question(name, files[name].read_text("utf-8"))


def filled(asked: Question, given: Mapping[str, object]) -> dict[str, object]:
    """A value for each parameter, NULL for what is not *given*. UsageError for one that it does not take."""
    for name in given:
        if name not in asked.parameters:
            takes = ", ".join(asked.parameters) or "none"
            raise UsageError(
                f"The question '{asked.name}' takes no parameter '{name}'. It takes: {takes}.",
                hint="To see all questions with what they take: cardcat ask",
            )
    return {name: given.get(name) for name in asked.parameters}


def tables_in(sql: str) -> list[str]:
    """The tables of the catalog that a statement may read: those that it names, or a view in it."""
    words = _words(sql)
    for view, text in VIEWS.items():
        if view in words:
            words |= _words(text)
    return sorted(words & TABLES.keys())


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql.lower()))


def _files() -> dict[str, Path]:
    folder = ROOT / "sql"
    return {file.stem: file for file in sorted(folder.glob("*.sql")) if file.stem != _SCHEMA}


def _question(name: str, text: str) -> Question:
    lines = text.splitlines()
    header = [line.removeprefix("--").removeprefix(" ") for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
    parameters = tuple(dict.fromkeys(re.findall(r"\$([a-z_]+)", sql)))
    return Question(name, header[0] if header else name, "\n".join(header[1:]).strip(), parameters, sql)
