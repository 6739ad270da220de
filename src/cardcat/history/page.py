"""The printable report of a session, bit by bit: in bounded memory, however many files it has. Pure text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from cardcat import text
from cardcat.catalog.items import ItemRow
from cardcat.catalog.sessions import ErrorRow
from cardcat.catalog.volumes import VolumeRow
from cardcat.history.account import Account, attempt_state, pace, proof_of, speed, state_of
from cardcat.model import ItemState, Layout, SessionStatus
from cardcat.printed.frame import foot, head
from cardcat.printed.html import Head, Html, element, joined, shown, table

_MARKS = {
    ItemState.PLANNED: "pending",
    ItemState.COPYING: "pending",
    ItemState.COPIED: "pending",
    ItemState.SKIPPED: "skipped",
    ItemState.FAILED: "failed",
}
"""What is said of a file that this session did not copy."""

_MEANINGS = (
    "A file without a mark was copied: written to the drive, read back, and equal to what the card gave. "
    "One that was skipped was on the drive already. The line below a name is the SHA-256 of all of its bytes."
)


def page(account: Account, errors: Iterable[ErrorRow], files: Iterable[ItemRow], now: int) -> Iterator[Html]:
    """The report on a session as it is at *now*: *errors* in the order they were met, *files* in theirs."""
    state = state_of(account.row)
    yield head(f"Backup {account.row.id}: {state} ({_what(account)}, {text.moment(account.row.started_at)})")
    yield element("h1", f"Backup of {_what(account)}, begun {text.moment(account.row.started_at)}")
    yield element("p", f"Backup: {state}", class_=f"verdict {'yes' if _is_complete(account) else 'no'}")
    yield element("p", _sentence(account))
    yield from _facts(account)
    yield from _timeline(account)
    yield from _speeds(account)
    yield from _findings(errors)
    yield from _files(files)
    yield foot(text.moment(now), "Times are those of this computer's clock.")


def _what(account: Account) -> str:
    card = account.card.label or _last(account.row.source_path)
    return f"{card} to {account.drive.label or _last(account.row.destination_path)}"


def _last(path: str) -> str:
    return path.rpartition("/")[2] or path


def _is_complete(account: Account) -> bool:
    return account.row.status is SessionStatus.COMPLETED


def _sentence(account: Account) -> str:
    row = account.row
    if state_of(row) == SessionStatus.RUNNING:
        return "It is still at work; this report has what was on record at its moment."
    if not _is_complete(account):
        told = f" {row.error_message}" if row.error_message else ""
        failed = text.many(row.files_failed, "file failed", "files failed")
        pending = text.many(row.files_pending, "is pending", "are pending")
        return f"It is not complete: {failed}, {pending}.{told}"
    but = f" but the {text.many(row.files_excluded, 'excluded one')}" if row.files_excluded else ""
    whole = (
        f"Every file of the source{but} is on the drive: copied by this backup, or there already and proved."
    )
    if row.files_copied and not row.is_cold:
        return (
            f"{whole} Copies were read back and equal, but memory may have answered for the drive; what was "
            "proved like this does not make a card safe to format."
        )
    return f"{whole} What happens to the card or the drive later, this page can't know."


def _facts(account: Account) -> Iterator[Html]:
    row = account.row
    copied = f"{text.count(row.files_copied)}, {text.size(row.bytes_copied)}"
    told = {
        "Session": str(row.id),
        "From": row.source_path,
        "Card": _volume(account.card),
        "To": row.destination_path,
        "Drive": _volume(account.drive),
        "Arranged": "by day" if row.layout is Layout.DATED else "as on the source",
        "Time zone": row.timezone,
        "Left out": " ".join(row.excludes),
        "Begun": text.moment(row.started_at),
        "Ended": "" if row.completed_at is None else text.moment(row.completed_at),
        "At work": "" if row.duration_seconds is None else text.duration(row.duration_seconds),
        "Files": text.count(row.files_scanned),
        "Copied": copied,
        "Skipped": text.count(row.files_skipped),
        "Failed": text.count(row.files_failed),
        "Pending": text.count(row.files_pending),
        "Ignored": f"{text.count(row.files_ignored)} that systems leave on cards"
        if row.files_ignored
        else "",
        "Excluded": text.count(row.files_excluded) if row.files_excluded else "",
        "Proof": proof_of(row),
        "Findings": _told(account),
        "Prefect run": row.flow_run_id or "",
    }
    yield Html("<dl>")
    for name, value in told.items():
        if value:
            yield Html(f"{element('dt', name)}{element('dd', value)}\n")
    yield Html("</dl>\n")


def _told(account: Account) -> str:
    found = sum(kind.open + kind.resolved for kind in account.findings)
    return f"{text.count(found)}, {text.count(account.open_findings)} not put right" if found else "none"


def _volume(volume: VolumeRow) -> str:
    parts = [
        volume.fs_type or "",
        "" if volume.total_bytes is None else text.size(volume.total_bytes),
        f"UUID {volume.fs_uuid}" if volume.fs_uuid else "",
    ]
    return f"{volume.name} ({', '.join(filter(None, parts))})"


def _timeline(account: Account) -> Iterator[Html]:
    if not account.attempts:
        return
    yield element("h2", "Attempts")
    heads = (
        Head("", "number"),
        Head("Begun", "moment"),
        Head("Took", "moment"),
        Head("Status"),
        Head("Copied", "number"),
        Head("Size", "number"),
        Head("Failed", "number"),
        Head("Pending", "number"),
        Head("What was said"),
    )
    rows = [
        (
            str(each.attempt),
            text.moment(each.started_at),
            "" if each.seconds is None else text.duration(each.seconds),
            attempt_state(account.row, each),
            text.count(each.files_copied),
            text.size(each.bytes_copied),
            text.count(each.files_failed),
            text.count(each.files_pending),
            each.message or "",
        )
        for each in account.attempts
    ]
    yield from table("Failed and pending are those at the end of the attempt", heads, rows)


def _speeds(account: Account) -> Iterator[Html]:
    if not account.stages:
        return
    yield element("h2", "Speed")
    heads = (
        Head("Stage"),
        *(Head(title, "number") for title in ("Files", "Size", "At work", "Speed", "Pace")),
    )
    rows = []
    for each in account.stages:
        fast, often = speed(each), pace(each)
        rows.append(
            (
                each.stage.value,
                text.count(each.files),
                text.size(each.bytes) if each.bytes else "",
                text.duration(each.seconds),
                "" if fast is None else text.rate(fast),
                "" if often is None else f"{often:,.0f} files/s",
            )
        )
    yield from table(
        "Of all attempts together. Stages work side by side, so their times overlap.", heads, rows
    )


def _findings(errors: Iterable[ErrorRow]) -> Iterator[Html]:
    listed = iter(errors)
    first = next(listed, None)
    if first is None:
        return
    yield element("h2", "Findings")
    heads = (
        Head("File"),
        Head("Stage"),
        Head("Kind"),
        Head("What was found"),
        Head("Met", "moment"),
        Head("Put right", "moment"),
    )
    yield from table("In the order they were met", heads, map(_finding, chain([first], listed)))


def _finding(row: ErrorRow) -> tuple[str, ...]:
    kept = row.is_failure and row.resolved_at is None
    return (
        row.source_path or "(the whole source)",
        row.stage.value,
        row.error_type,
        element("span", row.error_message, class_="no" if kept else ""),
        text.moment(row.created_at),
        "no" if row.resolved_at is None else text.moment(row.resolved_at),
    )


def _files(files: Iterable[ItemRow]) -> Iterator[Html]:
    yield element("h2", "Files")
    yield element("p", _MEANINGS, class_="soft")
    heads = (Head("File and SHA-256"), Head("Size", "number"), Head("On the drive"))
    for folder, rows in groupby(files, key=lambda row: row.path.rpartition("/")[0]):
        yield Html(f'<section class="folder">{element("h3", folder or "(top of the source)")}\n')
        yield from table("", heads, map(_file, rows))
        yield Html("</section>\n")


def _file(row: ItemRow) -> tuple[str, ...]:
    name = shown(row.path.rpartition("/")[2])
    return (
        joined([name, element("code", row.hash, class_="hash")], Html("<br>")) if row.hash else name,
        text.size(row.size),
        joined(filter(None, [row.destination_path, _mark(row)]), Html("<br>")),
    )


def _mark(row: ItemRow) -> str:
    """What became of a file that was not copied, and why."""
    mark = _MARKS.get(row.state)
    if mark is None:
        return ""
    told = mark if row.reason is None else f"{mark}: {row.reason}"
    return element("span", told, class_="soft" if row.state is ItemState.SKIPPED else "no")
