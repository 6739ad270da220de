"""`cardcat repair`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples
from cardcat.cli.output import Column
from cardcat.cli.progress import telling
from cardcat.cli.verify import Target, say_drives
from cardcat.errors import CardcatError, DestinationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardcat.care.outcomes import Mending, Repaired
    from cardcat.cli.output import Json

EXAMPLES = examples("cardcat repair --dry-run", "cardcat repair ARCHIVE")
_SHOWN = 20


def repair(
    what: Target = None,
    *,
    keep_changed: Annotated[
        bool, typer.Option("--keep-changed", help="Leave files as they are that somebody changed since.")
    ] = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Restore damaged and missing copies from good ones.

    These are the copies that `cardcat verify` found so. Each is read again first, and left alone if it is
    right. A good copy is read, compared with the hash on record, written beside the bad file and read back.
    Only then the bad file is moved into the folder .cardcat/quarantine of its drive; it is never deleted.
    Exit 0 means that all is mended, 1 that something could not be, 10 that a drive failed.
    """
    if catalogs.present(catalog) is None:
        return _absent(catalog, dry_run=dry_run, as_json=as_json)
    from cardcat.care.repairing import repair as mend
    from cardcat.catalog.engine import open_catalog

    with open_catalog(catalog, create=False) as opened, stopping.listening(), telling():
        found = mend(opened, what, dry_run=dry_run, keep_changed=keep_changed)
    if as_json:
        output.emit(document(found, dry_run=dry_run))
    elif dry_run:
        _preview(found)
    else:
        _show(found)
    return _exit_code(found)


def document(found: Repaired, *, dry_run: bool) -> dict[str, Json]:
    """What came of it for `repair --json`."""
    return {
        "dry_run": dry_run,
        "mended": [_mending(each) for each in found.mended],
        "right": [_mending(each) for each in found.right],
        "left": [_mending(each) for each in found.left],
        "bytes_copied": found.bytes_copied,
        "failed": [{"message": error.message, "hint": error.hint} for error in found.failed],
        "plug_in": [
            {"volume": name, "last_seen_at": seen, "files": count}
            for (name, seen), count in sorted(found.plug_in.items())
        ],
    }


def _mending(each: Mending) -> dict[str, Json]:
    return {
        **output.path_fields(each.path),
        **output.path_fields(each.place, "found_at"),
        "volume": each.drive,
        "trouble": each.trouble.value,
        "message": each.message,
        "hash": each.hash,
        "source_volume": each.source,
        **output.path_fields(each.source_path, "source_path"),
        **output.path_fields(each.aside, "quarantined_at"),
        "reason": each.why or None,
    }


def _exit_code(found: Repaired) -> int:
    if found.failed:
        return DestinationError.exit_code
    return CardcatError.exit_code if found.left else 0


def _absent(where: str | None, *, dry_run: bool, as_json: bool) -> int:
    if as_json:
        from cardcat.care.outcomes import Repaired

        output.emit(document(Repaired(), dry_run=dry_run))
    else:
        catalogs.say_absent(where)
    return 0


def _preview(found: Repaired) -> None:
    if not (found.mended or found.left):
        _say_nothing()
        return
    columns = [
        Column("Drive", shrinks=True),
        Column("File", shrinks=True),
        Column("Trouble"),
        Column("From", shrinks=True),
    ]
    rows = [[one.drive, one.path, one.trouble.value, one.source or "-"] for one in _first(found)]
    output.table(columns, rows)
    _say_more(len(found.mended) + len(found.left))
    _say_left(found)
    output.say("This was a dry run: nothing was read or written.")


def _first(found: Repaired) -> Sequence[Mending]:
    return [*found.mended, *found.left][:_SHOWN]


def _show(found: Repaired) -> None:
    if not (found.mended or found.right or found.left):
        _say_nothing()
        return
    output.say(
        f"{text.many(len(found.mended), 'file')} restored, {text.count(len(found.right))} right by now, "
        f"{text.count(len(found.left))} left as they are."
    )
    for one in found.mended[:_SHOWN]:
        output.say(f"  {one.place}", style="green")
        output.say(f"    was {one.trouble.value}; restored from {one.source_path}")
        if one.aside:
            output.say(f"    the bad file is at {one.aside}")
    _say_more(len(found.mended))
    _say_left(found)


def _say_nothing() -> None:
    output.say("Nothing to repair: nothing is on record as damaged or missing here.")
    output.say("To read copies again: cardcat verify")


def _say_left(found: Repaired) -> None:
    if found.left:
        output.say("These can't be mended now:", style="yellow")
    for one in found.left[:_SHOWN]:
        output.say(f"  {one.place or f'{one.drive}: {one.path}'}")
        output.say(f"    {one.trouble.value}: {one.why}")
    _say_more(len(found.left))
    if found.plug_in:
        output.say("What would help is on these drives. Plug in:")
        say_drives(found.plug_in, "file", "files")
    for error in found.failed:
        output.note(error.message, style="bold red")
        output.note(f"hint: {error.hint}")


def _say_more(count: int) -> None:
    if count > _SHOWN:
        output.say(f"  … and {text.count(count - _SHOWN)} more (--json lists them all)")
