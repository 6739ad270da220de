"""The house as the design has it, read from the imports. Each failure is a sentence that says what to do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.program_text import (
    ALL_IMPORTS,
    CHECKOUT,
    PACKAGE,
    PROGRAM,
    Import,
    calls,
    files,
    imported_at_once,
    module_of,
    name_of,
    tree,
    verb_of,
    writes,
)

LAYERS = (
    {"model", "metadata"},
    {"errors", "own_process", "paths", "shipped", "text", "plan"},
    {"storage", "media", "catalog", "analysis"},
    {"use cases"},  # every other module of cardcat
    {"cli"},
    {"tasks"},
    {"flows"},
)
"""From the inside out: a module imports from its own layer and from those before it."""

SIDE_BY_SIDE = {"storage", "media", "catalog", "analysis"}
"""Of one layer, but none imports another: a use case brings them together."""

STANDS_ON = {("analysis", "catalog")}
"""But for these: what asks the catalog imports what reads it."""

HOMES = {
    "prefect": ("flows/", "tasks/", "src/cardcat/prefect_run.py"),
    "sqlalchemy": ("src/cardcat/catalog/",),
    "alembic": ("src/cardcat/catalog/",),
    "sqlite3": ("src/cardcat/catalog/",),
    "adbc_driver_sqlite": (  # an SQLite of its own: a process of its own
        "src/cardcat/catalog/sources.py",
        "src/cardcat/catalog/fast_rows.py",
    ),
    "duckdb": ("src/cardcat/analysis/",),
    "marimo": ("notebooks/",),
    "altair": ("notebooks/",),
    "exifread": ("src/cardcat/media/photos/",),
    "exiv2": ("src/cardcat/media/photos/",),
    "PIL": ("src/cardcat/media/thumbnails.py",),
    "pymediainfo": ("src/cardcat/media/films/", "src/cardcat/doctor.py"),
    "typer": ("src/cardcat/cli/",),
    "rich": ("src/cardcat/cli/",),
}
"""Who may import what; types alone may be named by anybody."""

HANDED_ON = {"sqlalchemy.Connection"}
"""What a use case gets from one function of a library's home and gives to the next, unopened."""

WRITERS = {
    "src/cardcat/storage/": "the one place that writes the user's files",
    "src/cardcat/catalog/": "its own database, its lock and its backups, and sums in the cache folder",
    "src/cardcat/server/": "the state of cardcat's own server",
    "src/cardcat/project.py": "the project that a user asked for",
    "src/cardcat/analysis/": "its snapshot in the cache folder, and the export that a user asked for",
}
PURE = ("src/cardcat/plan/", "src/cardcat/model.py", "src/cardcat/metadata.py")
IMPURE = {
    "io",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "tempfile",
    "time",
    "random",
    "urllib.request",
}

HEAVY = {"prefect", "polars", "pandera", "duckdb", "pyarrow", "marimo", "altair"}
"""What quick commands do without: each takes a tenth of a second or more to import."""

LONGEST = 300
LONGER: dict[str, str] = {}  # the files that may be longer, each with its reason


def part(module: str) -> str | None:
    """Which part of the house a module is in; None for what is not ours."""
    first, *rest = module.split(".")
    if first in ("flows", "tasks"):
        return first
    if first != "cardcat":
        return None
    named = set().union(*LAYERS)
    return rest[0] if rest and rest[0] in named else "use cases"


def rank(of: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if of in layer)


def complain(violations: Iterable[object], rule: str) -> None:
    lines = [f"  {violation}" for violation in violations]
    assert not lines, "\n".join([rule, *lines])


def test_imports_point_inwards() -> None:
    def points_outwards(found: Import) -> bool:
        here, there = part(module_of(found.file)), part(found.module)
        return here is not None and there is not None and rank(there) > rank(here)

    complain(
        (found for found in ALL_IMPORTS if points_outwards(found)),
        "Imports point inwards: flows, tasks, cli, use cases, storage/media/catalog, plan, model. "
        "Move what is needed to the inner layer, or hand it in as an argument.",
    )


def test_storage_media_and_catalog_do_not_know_each_other() -> None:
    def crosses(found: Import) -> bool:
        here, there = part(module_of(found.file)), part(found.module)
        return here != there and {here, there} <= SIDE_BY_SIDE and (here, there) not in STANDS_ON

    complain(
        (found for found in ALL_IMPORTS if crosses(found)),
        "storage, media and catalog meet in a use case, not in each other.",
    )


def test_the_fast_driver_reads_rows_in_processes_of_their_own() -> None:
    """Two SQLites in one process take each other's locks away: `catalog.sources` tells how."""
    users = {
        "cardcat.catalog.fast_rows": (
            "src/cardcat/catalog/sources.py",
            "src/cardcat/scout_process.py",
        ),
        "cardcat.scout_process": (),
    }
    complain(
        (
            found
            for found in ALL_IMPORTS
            for module, own in users.items()
            if module in (found.module, found.name) and found.file not in own
        ),
        "What reads rows by the fast driver is a process that does nothing else with the catalog.",
    )


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_where_it_belongs(library: str) -> None:
    complain(
        (
            found
            for found in ALL_IMPORTS
            if found.root == library
            and not found.typing_only
            and not found.file.startswith(HOMES[library])
            and found.name not in HANDED_ON
        ),
        f"{library} is imported in {', '.join(HOMES[library])} only; elsewhere, call a function there.",
    )


def test_prefect_is_imported_lazily_in_the_package() -> None:
    complain(
        (
            found
            for found in ALL_IMPORTS
            if found.root == "prefect"
            and found.file.startswith("src/")
            and not (found.lazy or found.typing_only)
        ),
        "Prefect takes a second to import: inside cardcat, import it in the function that needs it.",
    )


def test_decisions_do_no_io() -> None:
    def impure(found: Import) -> bool:
        return found.file.startswith(PURE) and bool({found.module, found.root} & IMPURE)

    complain(
        (found for found in ALL_IMPORTS if impure(found)), "plan and model do no I/O: hand in what was read."
    )


def test_decisions_open_no_files() -> None:
    def reads(call: ast.Call) -> bool:
        return verb_of(call) in {"open", "read_text", "read_bytes", "stat", "exists"} or writes(call)

    complain(calls(reads, in_files=lambda file: file.startswith(PURE)), "plan and model do no I/O.")


def test_files_are_written_in_few_places() -> None:
    complain(
        calls(writes, in_files=lambda file: not file.startswith(tuple(WRITERS))),
        "Files are written by cardcat.storage; another writer has its reason in WRITERS.",
    )


@pytest.mark.parametrize("path", files(PACKAGE / "cli"), ids=name_of)
def test_commands_start_without_heavy_imports(path: Path) -> None:
    found = imported_at_once(module_of(name_of(path)))

    complain(
        (where for library, where in found.items() if library in HEAVY),
        f"{', '.join(sorted(HEAVY))} are imported by the function that needs them.",
    )


def test_the_server_does_without_prefect() -> None:
    """It is found in milliseconds, and its supervisor stays small."""
    assert HEAVY.isdisjoint(imported_at_once("cardcat.server.supervisor"))


def test_no_file_of_a_flow_or_task_is_named_like_a_standard_module() -> None:
    """Prefect leaves flows/ first on the import path: `import calendar` would find flows/calendar.py."""
    complain(
        (
            name_of(path)
            for path in files(CHECKOUT / "flows")
            if path.stem in sys.stdlib_module_names or (PACKAGE.parent / path.stem).exists()
        ),
        "These flows hide a module of Python's own: give them another name.",
    )


def test_flow_files_define_no_classes() -> None:
    """Prefect loads them under another name: a class there would exist twice, and not be caught."""
    complain(
        (
            f"{name_of(path)}:{node.lineno} defines {node.name}"
            for path in files(CHECKOUT / "flows")
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ClassDef)
        ),
        "Classes live in cardcat or in tasks, not in flow files.",
    )


def test_flows_and_tasks_are_packages() -> None:
    """Without this, an installed package of one of these names would be found instead."""
    for folder in ("flows", "tasks"):
        assert (CHECKOUT / folder / "__init__.py").exists()


def test_files_are_short() -> None:
    def length(path: Path) -> int:
        return len(path.read_text(encoding="utf-8").splitlines())

    program = [*PROGRAM, *files(CHECKOUT / "scripts")]
    complain(
        (
            f"{name_of(path)} has {length(path)} lines"
            for path in program
            if length(path) > LONGEST and name_of(path) not in LONGER
        ),
        f"A file of more than {LONGEST} lines wants to be two, or has its reason in LONGER.",
    )
    complain(
        (name for name in LONGER if length(CHECKOUT / name) <= LONGEST),
        "These are short by now: take them out of LONGER.",
    )
