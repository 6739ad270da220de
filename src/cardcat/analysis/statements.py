"""The questions in sql/: one DuckDB statement a file, under a comment that says what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cardcat.errors import UsageError

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE / "_project" / "sql", _PACKAGE.parents[1] / "sql")  # of an installation, of a checkout
_SCHEMA = "schema"  # lies there too, and is no question
_OURS = "why_"  # what the explanation of duplicates asks, and nobody else


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
    return [one for one in _statements() if not one.name.startswith(_OURS)]


def question(name: str) -> Question:
    """The question *name*. UsageError if there is none."""
    found = {one.name: one for one in _statements()}
    if name not in found:
        raise UsageError(f"There is no question '{name}'.", hint="To see all: cardcat ask")
    return found[name]


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


def _statements() -> list[Question]:
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    files = sorted(folder.glob("*.sql"))
    return [_question(file.stem, file.read_text("utf-8")) for file in files if file.stem != _SCHEMA]


def _question(name: str, text: str) -> Question:
    lines = text.splitlines()
    header = [line.removeprefix("--").removeprefix(" ") for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
    parameters = tuple(dict.fromkeys(re.findall(r"\$([a-z_]+)", sql)))
    return Question(name, header[0] if header else name, "\n".join(header[1:]).strip(), parameters, sql)
