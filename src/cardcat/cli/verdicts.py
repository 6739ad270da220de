"""How the verdict on a card is said: to people, and as a JSON document."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import output
from cardcat.cli.output import Column, Json
from cardcat.cli.results import show_warnings, typed
from cardcat.errors import CardcatError
from cardcat.paths import display

if TYPE_CHECKING:
    from cardcat.safety.answer import AwaitedDrive, CountedDrive, Verdict

_FILES_SHOWN = 10
_WIDTH = 80


def document(verdict: Verdict, report: Path | None, trouble: CardcatError | None) -> Mapping[str, Json]:
    """The verdict as `safe-to-format --json` answers it; *trouble* is why there is no report."""
    trusted = verdict.trusted
    written = None if report is None or trouble is not None else str(report)
    return {
        "safe": verdict.safe,
        "files": verdict.files,
        "copies": verdict.copies,
        "reasons": [{**output.path_fields(each.path), "reason": each.reason} for each in verdict.reasons],
        "warnings": [{**output.path_fields(each.path), "warning": each.reason} for each in verdict.warnings],
        "drives": [_drive(drive) for drive in verdict.drives],
        "drives_to_plug_in": [_awaited(drive) for drive in verdict.awaited],
        "trusted_offline": None if trusted is None else {"days": trusted.days, "files": trusted.files},
        **output.path_fields(written, "report"),
        "report_error": None if trouble is None else trouble.message,
    }


def show(verdict: Verdict, source: str, catalog: str | None) -> None:
    """Say the verdict, what it stands on or what stands in its way, and what to do next."""
    if verdict.safe:
        _show_yes(verdict, source)
    else:
        _show_no(verdict, source, catalog)
    show_warnings([(each.path, each.reason) for each in verdict.warnings])


def show_report(place: Path | None, trouble: CardcatError | None) -> None:
    """Say where the report is, or why there is none."""
    if trouble is not None:
        output.note(trouble.message, style="red")
        output.note(f"hint: {trouble.hint}" if trouble.hint else "")
    elif place is not None:
        output.say(f"Report: {place}")


def _show_yes(verdict: Verdict, source: str) -> None:
    output.say("Safe to format: yes.", style="bold green")
    copies = text.many(verdict.copies, "proved copy", "proved copies")
    apart = "on another disk" if verdict.copies == 1 else "on as many other disks"
    _say(f"{display(source)} has {text.many(verdict.files, 'file')}, each with at least {copies} {apart}.")
    if verdict.drives:
        output.say()
        _show_drives(verdict)
        output.say()
    if verdict.trusted and verdict.trusted.files:
        files = text.many(verdict.trusted.files, "file needs", "files need")
        days = text.many(verdict.trusted.days, "day")
        _say(f"{files} drives that could not be looked at; you trust what was read in the last {days}.")


def _show_no(verdict: Verdict, source: str, catalog: str | None) -> None:
    output.say("Safe to format: no.", style="bold red")
    _say(f"{display(source)} has {text.many(verdict.files, 'file')}; this stands in the way:")
    grouped: dict[str, list[str]] = {}
    for each in verdict.reasons:
        grouped.setdefault(each.reason, []).extend([each.path] if each.path else [])
    for reason, paths in grouped.items():
        output.say()
        _say(f"{reason} ({text.many(len(paths), 'file')})" if paths else reason, indent="  ")
        for path in paths[:_FILES_SHOWN]:
            output.say(f"    {path}")
        if len(paths) > _FILES_SHOWN:
            output.say(f"    … and {text.count(len(paths) - _FILES_SHOWN)} more (--json lists them all)")
    output.say()
    if verdict.awaited:
        _show_awaited(verdict)
        output.say()
    for step in _next_steps(verdict, source, catalog):
        output.say(step)


def _show_drives(verdict: Verdict) -> None:
    columns = [
        Column("Drive", shrinks=True),
        Column("Files", right=True),
        Column("Size", right=True),
        Column("Last read back"),
        Column("Looked at now"),
    ]
    rows = [
        [
            drive.name,
            text.count(drive.files),
            text.size(drive.size),
            text.moment(drive.verified_to),
            "yes" if drive.is_seen else "not plugged in",
        ]
        for drive in verdict.drives
    ]
    output.table(columns, rows)


def _show_awaited(verdict: Verdict) -> None:
    these = "this drive" if len(verdict.awaited) == 1 else "these drives"
    _say(f"Plug in {these} and ask again:")
    columns = [
        Column("Drive", shrinks=True),
        Column("Last seen"),
        Column("Files that wait for it", right=True),
    ]
    rows = [
        [drive.name, text.moment(drive.last_seen_at), text.count(drive.files)] for drive in verdict.awaited
    ]
    output.table(columns, rows)


def _next_steps(verdict: Verdict, source: str, catalog: str | None) -> list[str]:
    """What to type; nothing for what no backup mends."""
    waiting = sum(drive.files for drive in verdict.awaited)
    if waiting and len({reason.path for reason in verdict.reasons}) <= waiting:
        return []
    return [f"To back up what is missing: {typed('backup', source, catalog=catalog)} DRIVE"]


def _say(sentence: str, indent: str = "") -> None:
    """One paragraph in lines of 80 columns."""
    lines = textwrap.wrap(
        display(sentence), _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    for line in lines:
        output.say(line)


def _drive(drive: CountedDrive) -> Mapping[str, Json]:
    return {
        **output.path_fields(drive.name, "name"),
        "uuid": drive.uuid,
        "fs_type": drive.fs_type,
        "files": drive.files,
        "bytes": drive.size,
        "evidence": drive.evidence.value,
        "how": list(drive.how),
        "verified_from": drive.verified_from,
        "verified_to": drive.verified_to,
        "looked_at_now": drive.is_seen,
    }


def _awaited(drive: AwaitedDrive) -> Mapping[str, Json]:
    return {
        **output.path_fields(drive.name, "name"),
        "uuid": drive.uuid,
        "files": drive.files,
        "last_seen_at": drive.last_seen_at,
    }
