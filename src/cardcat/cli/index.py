"""`cardcat index`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import catalogs, output
from cardcat.cli.index_findings import findings_json, findings_table, nothing_indexed, show_recorded
from cardcat.cli.options import AsJson, CatalogPath, Direct, DryRun, examples, folder
from cardcat.cli.pages import run_page
from cardcat.cli.progress import telling
from cardcat.errors import UsageError
from cardcat.plan.index_modes import IndexMode, ScanState

if TYPE_CHECKING:
    from cardcat.cli.output import Json
    from cardcat.indexing import Indexed, IndexedLocation
    from cardcat.indexing.places import Asked

EXAMPLES = examples(
    "cardcat index ~/Pictures /mnt/archive/scans",
    "cardcat index --mode content --exclude '*.lrcat*' ~/Pictures",
    "cardcat index",
    "cardcat index --findings ~/Pictures",
)
_MODES = (
    "deep: hash each file and read its metadata. content: hash it. metadata: names, sizes and times alone. "
    "[default: as the time before, else deep]"
)


def index(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Folders. [default: all that were indexed]", show_default=False),
    ] = None,
    *,
    mode: Annotated[IndexMode | None, typer.Option(help=_MODES, show_default=False)] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Take only files that match one of these.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Leave these out.")] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Forget earlier --include and --exclude of these folders.")
    ] = False,
    findings: Annotated[
        bool, typer.Option("--findings", help="Index nothing: list what the last index could not take in.")
    ] = False,
    direct: Direct = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Take existing folders into the catalog, where they are.

    Nothing is copied, and nothing in them is changed. The first time every file is read once, later only
    what is new or has changed. A file that was moved stays the one it was, what is gone is noted as missing,
    and a drive that is not plugged in loses nothing. Mode and patterns are kept for the next time; a file
    .cardcatignore in a folder says what to leave out there. Exit 1 means that something could not be taken
    in.
    """
    asked = _asked(mode, include, exclude, everything=everything)
    folders = [folder(path, "PATH") for path in paths] if paths else None
    if (folders is None or findings) and catalogs.present(catalog) is None:
        raise nothing_indexed()
    if findings:
        if asked.changes_rules:
            raise _only_listed()
        return show_recorded(folders, catalog, as_json=as_json)
    with stopping.listening(), telling():
        found = _run(folders, asked, catalog, direct=direct, dry_run=dry_run)
    if not found.locations:
        raise nothing_indexed()
    if as_json:
        output.emit(document(found))
    else:
        _show(found)
    return found.exit_code


def document(found: Indexed) -> dict[str, Json]:
    """What was found, for `index --json`."""
    return {
        "dry_run": found.is_dry,
        "locations": [_location(each) for each in found.locations],
        "duration_seconds": round(found.seconds, 3),
        "flow_run_id": found.flow_run_id,
    }


def _run(
    folders: list[Path] | None, asked: Asked, catalog: str | None, *, direct: bool, dry_run: bool
) -> Indexed:
    if direct or dry_run:
        from cardcat.indexing.running import carry_out, opened_index

        with opened_index(catalog, stop=stopping.stop_requested, dry_run=dry_run) as run:
            return carry_out(run, folders, asked)
    from cardcat.indexing.witnessed import index_as_flow

    return index_as_flow(folders, asked, catalog)


def _asked(
    mode: IndexMode | None, include: list[str] | None, exclude: list[str] | None, *, everything: bool
) -> Asked:
    from cardcat.indexing.places import Asked

    given = [*(include or ()), *(exclude or ())]
    if any(not pattern.strip("/") for pattern in given):
        raise UsageError("One of the patterns is empty.", hint="Give a pattern such as '*.LRV'.")
    if everything and given:
        raise UsageError(
            "--everything forgets patterns, and --include and --exclude give new ones.",
            hint="Leave out one of both.",
        )
    none = () if everything else None
    return Asked(mode, tuple(include) if include else none, tuple(exclude) if exclude else none)


def _only_listed() -> UsageError:
    return UsageError(
        "--findings lists what is on record, and indexes nothing.",
        hint="Leave out --mode and the patterns, or --findings.",
    )


def _location(each: IndexedLocation) -> dict[str, Json]:
    return {
        **output.path_fields(each.path),
        "location_id": each.location_id,
        "volume": each.volume,
        "mode": each.mode.value,
        "state": each.state.value,
        "is_there": each.is_there,
        "is_part": each.is_part,
        "files": each.files,
        "bytes": each.size,
        "new": each.new,
        "changed": each.changed,
        "moved": each.moved,
        "back": each.back,
        "missing": each.missing,
        "unchanged": each.unchanged,
        "unavailable": each.unavailable,
        "left_out": each.left_out,
        "to_read": each.to_read,
        "bytes_to_read": each.bytes_to_read,
        "bytes_read": each.bytes_read,
        "duration_seconds": round(each.seconds, 3),
        "message": each.message,
        "hint": each.hint or None,
        "findings": findings_json(each.findings),
    }


# -- for people ----------------------------------------------------------------------------------------


def _show(found: Indexed) -> None:
    for each in found.locations:
        _show_location(each, is_dry=found.is_dry)
    if found.is_dry:
        output.say("This was a dry run: nothing was read, and nothing recorded.")
    elif any(each.has_changed for each in found.locations):
        output.say("What is there more than once: cardcat duplicates list")
    if page := run_page(found.flow_run_id):
        output.say(f"The run's page: {page}")


def _show_location(each: IndexedLocation, *, is_dry: bool) -> None:
    if not each.is_there:
        output.say(f"{each.path}: the drive {each.volume} is not plugged in. What it has stays on record.")
        return
    if each.state is ScanState.ERROR:
        output.say(f"{each.path}: {each.message}", style="bold red")
        if each.hint:
            output.say(f"hint: {each.hint}")
        return
    output.say(f"{each.path}: {text.many(each.files, 'file')}, {text.size(each.size)} ({each.mode.value})")
    output.say(f"  {_counts(each, is_dry=is_dry)}")
    if each.left_out:
        output.say(f"  left out by patterns: {text.count(each.left_out)}")
    if each.state is ScanState.PAUSED:
        output.say(f"  {each.message}", style="yellow")
    _show_findings(each)


def _counts(each: IndexedLocation, *, is_dry: bool) -> str:
    counts = {
        "new": each.new,
        "changed": each.changed,
        "moved": each.moved,
        "back": each.back,
        "missing": each.missing,
        "unchanged": each.unchanged,
    }
    listed = ", ".join(f"{text.count(number)} {word}" for word, number in counts.items() if number)
    told = listed or "nothing"
    if is_dry:
        return f"{told}; to read: {text.many(each.to_read, 'file')}, {text.size(each.bytes_to_read)}"
    is_timed = each.seconds >= 1 and each.bytes_read
    speed = f", {text.rate(each.bytes_read / each.seconds)}" if is_timed else ""
    return f"{told}; {text.size(each.bytes_read)} read in {text.duration(each.seconds)}{speed}"


def _show_findings(each: IndexedLocation) -> None:
    if not each.findings:
        return
    output.say(f"  {text.many(len(each.findings), 'finding')}:", style="yellow")
    findings_table(each.findings)
