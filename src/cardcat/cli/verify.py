"""`cardcat verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples, whole_number
from cardcat.cli.output import Column
from cardcat.cli.progress import telling
from cardcat.errors import CardcatError, DestinationError, UsageError
from cardcat.plan.budgets import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardcat.care.verifying import Verified, Wrong
    from cardcat.cli.output import Json

EXAMPLES = examples(
    "cardcat verify --budget 30m",
    "cardcat verify /mnt/archive/2024",
    "cardcat verify ARCHIVE --dry-run",
)
_SHOWN = 20
_WORDS = ("damaged", "missing", "unreadable")
_MOST_FILES = 1_000_000_000


def _budget(given: str) -> float:
    """A length of time such as `90s`, `30m`, `1h30m`, in seconds."""
    seconds = seconds_of(given)
    if seconds is None:
        raise UsageError(
            f"--budget needs a length of time, not '{given}'.", hint="For example: --budget 30m, 90s or 2h"
        )
    return seconds


Target = Annotated[
    str | None,
    typer.Argument(
        metavar="PATH|VOLUME",
        help="A folder or file on a drive, or a drive by its label, uuid or mount point. [default: all]",
        show_default=False,
    ),
]


def verify(
    what: Target = None,
    *,
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=_budget,
            help="Stop after so long (90s, 30m, 2h); the next run goes on from there. [default: no limit]",
        ),
    ] = None,
    files: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=whole_number("--files", _MOST_FILES), help="Check so many files at most."
        ),
    ] = None,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Read copies again and compare them with what is on record.

    Those that were not checked for longest come first, on each disk. Every byte is read from the drive
    itself. What is damaged or missing is recorded and never touched: `cardcat repair` mends it. Exit 0 means
    that all that was checked is right, 1 that something is not, 10 that nothing of PATH|VOLUME can be
    reached. Drives that are not plugged in can't be checked.
    """
    if catalogs.present(catalog) is None:
        return _absent(catalog, dry_run=dry_run, as_json=as_json)
    from cardcat.care.verifying import verify as check
    from cardcat.catalog.engine import open_catalog

    with open_catalog(catalog, create=False) as opened, stopping.listening(), telling():
        found = check(opened, what, budget=budget, most=files, dry_run=dry_run)
    if as_json:
        output.emit(document(found, dry_run=dry_run))
    elif dry_run:
        _preview(found)
    else:
        _show(found)
    return _exit_code(found, what)


def document(found: Verified, *, dry_run: bool) -> dict[str, Json]:
    """What was found, for `verify --json`: `damaged`, `missing` and `unreadable` list paths below a root."""
    listed = {word: [each.path for each in found.wrong if each.trouble.value == word] for word in _WORDS}
    return {
        "dry_run": dry_run,
        "checked": found.checked,
        **listed,
        "findings": [_wrong(each) for each in found.wrong],
        "cold": found.cold,
        "bytes_read": found.bytes_read,
        "duration_seconds": round(found.seconds, 3),
        "remaining": found.waiting,
        "remaining_bytes": found.waiting_bytes,
        "oldest_checked_at": found.oldest or None,
        "volumes": [{"volume": name, "checked": count} for name, count in sorted(found.drives.items())],
        "offline": [
            {"volume": name, "last_seen_at": seen, "copies": count}
            for (name, seen), count in sorted(found.offline.items())
        ],
        "next": [
            {"volume": copy.volume_name, **output.path_fields(copy.path), "size_bytes": copy.size}
            for copy in found.first
        ],
    }


def say_drives(drives: Mapping[tuple[str, int], int], one: str, several: str) -> None:
    """List drives that are not plugged in, each with how many of something it has."""
    for (name, seen), count in sorted(drives.items(), key=lambda item: (-item[1], item[0])):
        output.say(f"  {name}: {text.many(count, one, several)}; last seen {text.moment(seen)}")


def _wrong(each: Wrong) -> dict[str, Json]:
    return {
        **output.path_fields(each.path),
        **output.path_fields(each.place, "found_at"),
        "volume": each.drive,
        "trouble": each.trouble.value,
        "message": each.message,
        "changed_since": each.edited,
        "hash": each.hash,
        "observed_hash": each.observed_hash,
    }


def _exit_code(found: Verified, what: str | None) -> int:
    """What was asked for by name and can't be reached is no success, also where nothing is wrong with it."""
    if found.wrong:
        return CardcatError.exit_code
    if what is None or not found.is_out_of_reach:
        return 0
    names = ", ".join(sorted({name for name, _ in found.offline}))
    output.note(f"Nothing of {what} can be reached now, so nothing was checked.", style="bold red")
    output.note(f"hint: Plug in {names}, then give the same command again.")
    return DestinationError.exit_code


def _absent(where: str | None, *, dry_run: bool, as_json: bool) -> int:
    if as_json:
        from cardcat.care.verifying import Verified

        output.emit(document(Verified(), dry_run=dry_run))
    else:
        catalogs.say_absent(where)
    return 0


def _preview(found: Verified) -> None:
    if found.first:
        output.say(f"{_waiting(found)} can be checked now, in this order:")
        columns = [
            Column("Drive", shrinks=True),
            Column("File", shrinks=True),
            Column("Size", right=True),
            Column("Read back"),
        ]
        rows = [
            [copy.volume_name, copy.path, text.size(copy.size), text.moment(copy.verified_at)]
            for copy in found.first
        ]
        output.table(columns, rows)
        if found.waiting > len(found.first):
            output.say(f"… and {text.count(found.waiting - len(found.first))} more")
    else:
        output.say("Nothing can be checked now.")
    _say_offline(found)
    output.say("This was a dry run: nothing was read.")


def _show(found: Verified) -> None:
    if found.checked:
        _say_checked(found)
    else:
        output.say("Nothing could be checked now.")
    for wrong in found.wrong[:_SHOWN]:
        output.say(f"  {wrong.place}", style="red")
        output.say(f"    {wrong.trouble.value}: {wrong.message}")
    if len(found.wrong) > _SHOWN:
        output.say(f"  … and {text.count(len(found.wrong) - _SHOWN)} more (--json lists them all)")
    if found.waiting:
        since = f"last checked {text.moment(found.oldest)}" if found.oldest else "never checked"
        output.say(
            f"{_waiting(found)} wait, the oldest of them {since}: the same command goes on from there."
        )
    _say_offline(found)
    if found.wrong:
        output.say("To see what can be restored: cardcat repair --dry-run")


def _say_checked(found: Verified) -> None:
    speed = f", {text.rate(found.bytes_read / found.seconds)}" if found.seconds >= 1 else ""
    took = f"{text.size(found.bytes_read)} in {text.duration(found.seconds)}{speed}"
    output.say(f"{_copies(found.checked)} checked on {', '.join(sorted(found.drives))}: {took}.")
    if found.wrong:
        counts = [(word, sum(each.trouble.value == word for each in found.wrong)) for word in _WORDS]
        told = ", ".join(f"{text.count(count)} {word}" for word, count in counts if count)
        output.say(f"{text.count(found.right)} right, {told}:", style="bold red")
    else:
        output.say("All of them are right.", style="green")
    if warm := found.right - found.cold:
        output.say(f"Of {_copies(warm)} memory may have answered for the drive: it can't be told there.")


def _say_offline(found: Verified) -> None:
    if found.offline:
        output.say("Not reachable now. To check these, plug in:")
        say_drives(found.offline, "copy", "copies")


def _waiting(found: Verified) -> str:
    return f"{_copies(found.waiting)} ({text.size(found.waiting_bytes)})"


def _copies(number: int) -> str:
    return text.many(number, "copy", "copies")
