"""`cardcat catalog`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, export, output, rebuild, upkeep
from cardcat.cli.options import AsJson, CatalogPath, DryRun, Yes, examples, folder, group
from cardcat.cli.output import Column, Json
from cardcat.cli.waiting import waiting
from cardcat.errors import CatalogError, UsageError
from cardcat.paths import display

if TYPE_CHECKING:
    from cardcat.catalog.maintain import CatalogStatus

app = group("Look after the catalog, the file that knows every copy.")


@app.command(epilog=examples("cardcat catalog status"))
def status(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """Say where the catalog is, what it holds, if it is sound."""
    path = catalogs.present(catalog)
    if path is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.catalog import maintain
    from cardcat.catalog.engine import open_catalog

    with open_catalog(path, create=False) as opened, waiting("Reading the catalog completely", path):
        found = maintain.status(opened)
    if as_json:
        output.emit(_status_document(found))
    else:
        _show_status(found)
    return CatalogError.exit_code if found.problems else 0


@app.command(epilog=examples("cardcat catalog migrate"))
def migrate(*, dry_run: DryRun = False, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """
    Bring the catalog to the version that this program needs.

    Every command that opens the catalog does so by itself; a checked copy of the old one stays beside it.
    """
    path = catalogs.present(catalog)
    if path is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.catalog import migrate as migrations
    from cardcat.catalog.engine import open_catalog

    needed = migrations.state(path) is migrations.State.OLDER
    if needed and not dry_run:
        open_catalog(path, create=False).close()
    if as_json:
        document = output.path_fields(str(path)) | {"revision": migrations.revisions()[-1]}
        output.emit(document | {"migrated": needed and not dry_run, "needed": needed and dry_run})
    else:
        done = "would be updated" if dry_run else "was updated; a copy of the old one is beside it"
        output.say(f"The catalog {path} {done if needed else 'is up to date'}.")
    return 0


@app.command(epilog=examples("cardcat catalog backup /mnt/archive/catalog-2026-05-01.db"))
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A name that is free.")],
    *,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """Copy the catalog to a new file, and check the copy."""
    from cardcat.catalog import maintain
    from cardcat.catalog.engine import open_catalog

    target = folder(file, "FILE")
    with open_catalog(catalog, create=False) as opened:
        maintain.backup(opened, target)
    if as_json:
        output.emit(output.path_fields(str(target)))
    else:
        output.say(f"The catalog was copied to {target} and the copy checked.")
    return 0


@app.command(epilog=examples("cardcat catalog restore /mnt/archive/catalog-2026-05-01.db --yes"))
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `cardcat catalog backup` wrote.")],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Put a copy in the place of the catalog.

    The copy is checked first. The present catalog is set aside under another name, never deleted.
    """
    from cardcat.catalog import maintain
    from cardcat.catalog.engine import local_path

    source, path = folder(file, "FILE"), local_path(catalog)
    maintain.check_restorable(catalog, source)
    if path.exists() and not yes and not dry_run:
        _confirm(path, source)
    aside = None if dry_run else maintain.restore(path, source)
    if as_json:
        document = output.path_fields(str(path)) | {"restored": not dry_run}
        output.emit(document | output.path_fields(None if aside is None else str(aside), "set_aside"))
    else:
        output.say(f"The catalog {path} {'would be' if dry_run else 'was'} restored from {source}.")
        if aside:
            output.say(f"The one before is now {aside}.")
    return 0


app.command("export", epilog=export.EXAMPLES)(export.export)
app.command("maintain", epilog=upkeep.EXAMPLES)(upkeep.maintain)
app.command("rebuild", epilog=rebuild.EXAMPLES)(rebuild.rebuild)


def _confirm(path: Path, source: Path) -> None:
    """Ask a person; refuse where nobody can be asked."""
    if not _somebody_is_there():
        raise UsageError(
            f"The catalog {display(str(path))} would be replaced, and there is no terminal to ask at.",
            hint="Add --yes if that is what you want. The present one is set aside, not deleted.",
        )
    question = f"Replace {display(str(path))} by {display(str(source))}? The present one is set aside."
    typer.confirm(question, abort=True, err=True)


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        from cardcat.catalog.engine import local_path

        output.emit(output.path_fields(str(local_path(where))) | {"exists": False})
    else:
        catalogs.say_absent(where)
    return 0


def _status_document(found: CatalogStatus) -> dict[str, Json]:
    return output.path_fields(str(found.path)) | {
        "exists": True,
        "revision": found.revision,
        "size_bytes": found.size_bytes,
        "rows": dict(found.rows),
        "problems": list(found.problems),
    }


def _show_status(found: CatalogStatus) -> None:
    output.say(f"{found.path}: {text.size(found.size_bytes)}, version {found.revision}")
    rows = [[table, text.count(number)] for table, number in found.rows.items()]
    output.table([Column("Table"), Column("Rows", right=True)], rows)
    for problem in found.problems:
        output.say(problem, style="red")
    if found.problems:
        output.say("The catalog is damaged. Put a sound copy in its place: cardcat catalog restore FILE")
    else:
        output.say("The catalog is sound.", style="green")
