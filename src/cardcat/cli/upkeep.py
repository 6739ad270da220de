"""`cardcat catalog maintain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples, folder, whole_number
from cardcat.cli.progress import telling
from cardcat.plan.keeping import KEEP

if TYPE_CHECKING:
    from pathlib import Path

    from cardcat.cli.output import Json
    from cardcat.maintaining import Maintained

EXAMPLES = examples("cardcat catalog maintain", "cardcat catalog maintain --keep 4 --to /mnt/archive/catalog")

_MOST_KEPT = 10_000


def maintain(
    *,
    keep: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole_number("--keep", _MOST_KEPT),
            help="How many copies stay: the oldest go, once the new one was checked.",
        ),
    ] = KEEP,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="Where the copies are kept. [default: backups, beside the catalog]"
        ),
    ] = None,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Look after the catalog; once a week is enough.

    It is read completely, and copied; the copy is checked before it has its name. Sessions and runs that were
    killed are ended. Free space in the file is given back if that is much and nobody else is at work. Of
    files in FOLDER only dated copies of this catalog are removed. The Prefect page does the same as
    catalog-weekly.
    """
    if catalogs.present(catalog) is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.maintaining import maintain as look_after
    from cardcat.maintaining import would_maintain

    place = None if to is None else folder(to, "--to")
    with stopping.listening(), telling():
        found = (would_maintain if dry_run else look_after)(catalog, keep=keep, to=place)
    if as_json:
        output.emit(document(found, dry_run=dry_run))
    else:
        _show(found, dry_run=dry_run)
    return 0


def document(found: Maintained, *, dry_run: bool) -> dict[str, Json]:
    """What was done, or would be, for `catalog maintain --json`."""
    kept, tidied = found.kept, found.tidied
    return {
        "dry_run": dry_run,
        **output.path_fields(str(found.path)),
        "backup": {
            **output.path_fields(str(kept.file)),
            "size_bytes": kept.size,
            "removed": [output.path_fields(str(file)) for file in kept.removed],
        },
        "sessions_ended": list(found.lost.sessions),
        "runs_ended": list(found.lost.runs),
        "size_bytes": tidied.after.size,
        "free_bytes": tidied.after.free,
        "compacting": tidied.compaction.value,
        "freed_bytes": tidied.before.size - tidied.after.size,
    }


def _show(found: Maintained, *, dry_run: bool) -> None:
    kept = found.kept
    if dry_run:
        output.say(f"The catalog {found.path} would be read completely and copied to {kept.file}.")
    else:
        output.say(f"The catalog {found.path} is sound.", style="green")
        output.say(f"It was copied to {kept.file} ({text.size(kept.size)}), and the copy checked.")
    _say_removed(kept.removed, "would go" if dry_run else "was removed")
    if sessions := found.lost.sessions:
        ended = "would be ended" if dry_run else "ended"
        output.say(f"{text.many(len(sessions), 'session')} without a process {ended}: cardcat sessions list")
    if runs := found.lost.runs:
        output.say(f"{text.many(len(runs), 'run')} without a process ended on the page.")
    _say_space(found, dry_run=dry_run)
    if dry_run:
        output.say("This was a dry run: nothing was written.")


def _say_removed(removed: tuple[Path, ...], what: str) -> None:
    for file in removed:
        output.say(f"  {file.name} {what}: there are newer ones.")


def _say_space(found: Maintained, *, dry_run: bool) -> None:
    from cardcat.plan.compacting import Compaction

    before, after, decided = found.tidied.before, found.tidied.after, found.tidied.compaction
    if decided is Compaction.WORTH_IT:
        what = f"{text.size(before.free)} in it would be given back" if dry_run else ""
        output.say(
            what or f"It was made smaller: {text.size(before.size)} before, {text.size(after.size)} now."
        )
    elif decided is not Compaction.NOT_WORTH_IT:
        output.say(f"{text.size(before.free)} in it hold nothing and were not given back: {decided.value}.")


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        from cardcat.catalog.engine import local_path

        output.emit(output.path_fields(str(local_path(where))) | {"exists": False})
    else:
        catalogs.say_absent(where)
    return 0
