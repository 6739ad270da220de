"""How a catalog comes to the version that this program needs: by itself, whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from cardcat.catalog import snapshot, sqlite
from cardcat.catalog.trouble import foreign, newer, show, told, told_of_files
from cardcat.errors import CatalogError
from cardcat.shipped import ROOT

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = ROOT / "sql" / "schema.sql"
_SAID = re.compile(
    r"^-- Revision (?P<revision>\w+), SHA-256 of what follows: (?P<sha256>\w+)\n", re.MULTILINE
)
_ALEMBIC_VERSION = (  # where Alembic keeps the revision; the schema as text leaves it out
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
_OURS = frozenset({"alembic_version", "media_files", "backup_sessions"})  # in every version of a catalog


class State(Enum):
    """How a file stands to this program."""

    ABSENT = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()
    FOREIGN = auto()


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did. *before* is None for a new catalog, *copy* where nothing had to be kept."""

    before: str | None
    after: str
    copy: Path | None


def revisions() -> list[str]:
    """Every revision that this program knows, oldest first; the last one is what it needs."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def judge(found: sqlite.Contents | None, known: Sequence[str]) -> State:
    """How a database with these contents stands to a program that knows these revisions, oldest first."""
    if found is None or not found.tables:
        return State.ABSENT
    if found.revision is None or not found.tables >= _OURS:
        return State.FOREIGN
    if found.revision not in known:
        return State.NEWER
    return State.CURRENT if found.revision == known[-1] else State.OLDER


def state(path: Path) -> State:
    """
    How the file *path* stands to this program: absent, older or current. Leaves no trace.

    CatalogError if it is newer than the program, damaged, of another program, or no database.
    """
    return _refused(path, sqlite.look(path))


def _refused(path: Path, found: sqlite.Contents | None) -> State:
    known = revisions()
    standing = judge(found, known)
    if standing is State.FOREIGN:
        raise foreign(path)
    if standing is State.NEWER:
        raise newer(path, found.revision if found else None, known[-1])
    return standing


def migrate(path: Path) -> Migrated:
    """
    Make the catalog *path*, or bring it to the version that this program needs. The caller holds it alone.

    An existing one is copied first (`<name>.before-<revision>-<time>`). All changes are one transaction:
    a kill at any moment leaves the catalog as it was. CatalogError as for `state`, and if the copy shows
    damage or can't be written.
    """
    needed = revisions()[-1]
    with told_of_files(path):
        snapshot.clear_leftovers(path)
    found = sqlite.look(path)
    standing = _refused(path, found)
    before = found.revision if found else None
    if standing is State.CURRENT:
        return Migrated(before, needed, None)
    if standing is State.ABSENT and (statements := _statements(needed)):
        _make(path, statements, needed)
        return Migrated(before, needed, None)
    copy = None if standing is State.ABSENT else _kept(path, needed)
    upgrade_file(path)
    return Migrated(before, needed, copy)


def upgrade(connection: Connection) -> None:
    """Run the migrations that the database at *connection* lacks, inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - slow to load, and hardly ever needed
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade_file(path: Path) -> None:
    """Run the migrations that *path* lacks, all of them if it is not there. The caller holds it alone."""
    with _changing(path) as connection:
        upgrade(connection)
        _check_references(path, connection)


def _statements(revision: str) -> list[str]:
    """
    The statements that make a catalog of *revision* at once; none if the schema as text is not what it says.

    Ten times as fast as the migrations, which make the same.
    """
    try:
        text = SCHEMA.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    said = _SAID.search(text)
    if said is None:
        return []
    schema = text[said.end() :]
    is_whole = hashlib.sha256(schema.encode()).hexdigest() == said["sha256"]
    return schema.split(";\n")[:-1] if is_whole and said["revision"] == revision else []  # each ends so


def _make(path: Path, statements: Sequence[str], revision: str) -> None:
    """Make a catalog of this *revision*, with the rows that the migrations put into it."""
    with _changing(path) as connection:
        for statement in [*statements, _ALEMBIC_VERSION]:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revision,))
        connection.exec_driver_sql("INSERT INTO catalog_identity VALUES (?)", (str(uuid4()),))


@contextmanager
def _changing(path: Path) -> Iterator[Connection]:
    """One transaction that changes the schema of *path*: all of it, or nothing."""
    engine = sqlite.migrating_engine(path)
    try:
        with told(path), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _kept(path: Path, needed: str) -> Path:
    copy = snapshot.dated(path, f"before-{needed}")
    with told(path), told_of_files(path), closing(sqlite.connect(path)) as source:
        snapshot.take(source, copy, of=path)
    return copy


def _check_references(path: Path, connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise CatalogError(
            f"The catalog {show(path)} could not be updated: row {broken[1]} of {broken[0]} would refer to a "
            f"missing row of {broken[2]}. It was left as it is.",
            hint="Check it: cardcat catalog status",
        )
