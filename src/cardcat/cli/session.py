"""How one session is said to people: facts, and tables that fit 80 columns."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import exact, output
from cardcat.cli.output import Column
from cardcat.cli.results import typed
from cardcat.cli.session_json import Pages
from cardcat.model import Layout, SessionStatus
from cardcat.paths import display

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cardcat.catalog.sessions import KindRow
    from cardcat.history.account import Account

_WIDTH = 80
_INDENT = 14  # of facts


def account_of(c: Connection, session: int) -> Account | None:
    """What is known of the session, with its paths as far as the catalog knows their bytes."""
    from cardcat.history import account as history

    found = history.account_of(c, session)
    return found and dataclasses.replace(found, row=exact.session(c, found.row))


def pages_of(account: Account) -> Pages:
    """The pages of a session's runs; the server is asked only if it can have any."""
    if not any(attempt.flow_run_id for attempt in account.attempts):
        return Pages(None)
    from cardcat.server import find

    url = find()
    return Pages(url and url.removesuffix("/api"))


def show(account: Account, pages: Pages, catalog: str | None) -> None:
    """Say all that is known of it, and what to do next if something is left."""
    for key, value in _facts(account).items():
        _say(value, title=f"{key}:")
    _show_timeline(account)
    _show_pages(account, pages)
    _show_stages(account)
    _show_findings(account.findings)
    ways = ways_on(account, catalog)
    if ways:
        output.say()
    for what, command in ways:
        output.say(f"{what:<17} {command}")


def _facts(account: Account) -> Mapping[str, str]:
    from cardcat.history.account import proof_of, state_of

    row, later = account.row, account.later
    shown = {
        "Session": str(row.id),
        "Status": state_of(row),
        "Source": row.source_path,
        "Destination": row.destination_path,
        "Arranged": "by day" if row.layout is Layout.DATED else "as on the source",
        "Time zone": row.timezone,
        "Left out": " ".join(row.excludes),
        "Started": text.moment(row.started_at),
        "Ended": text.moment(row.completed_at),
        "Took": "" if row.duration_seconds is None else text.duration(row.duration_seconds),
        "Files": text.count(row.files_scanned),
        "Copied": f"{text.count(row.files_copied)}, {text.size(row.bytes_copied)}",
        "Skipped": text.count(row.files_skipped),
        "Failed": text.count(row.files_failed),
        "Pending": text.count(row.files_pending) if row.files_pending else "",
        "Ignored": text.count(row.files_ignored),
        "Excluded": text.count(row.files_excluded) if row.files_excluded or row.excludes else "",
        "Proof": proof_of(row),
        "Later": f"session {later.id}, {later.status.value}" if later else "",
        "Message": row.error_message or "",
    }
    return {key: value for key, value in shown.items() if value}


def _show_timeline(account: Account) -> None:
    from cardcat.history.account import attempt_state

    if not account.attempts:
        return
    columns = (
        Column("Attempt", right=True),
        Column("Started"),
        Column("Took"),
        Column("Status"),
        Column("Copied", right=True),
        Column("Size", right=True),
        Column("Failed", right=True),
    )
    rows = [
        [
            str(each.attempt),
            text.moment(each.started_at),
            "" if each.seconds is None else text.duration(each.seconds),
            attempt_state(account.row, each),
            text.count(each.files_copied),
            text.size(each.bytes_copied),
            text.count(each.files_failed),
        ]
        for each in account.attempts
    ]
    output.say()
    output.table(columns, rows)
    for each in account.attempts[:-1]:  # the last one's message is the session's
        if each.message:
            _say(each.message, title=f"{each.attempt}:", indent=4)


def _show_pages(account: Account, pages: Pages) -> None:
    """The address of every run, each on a line of its own; without a server the runs by their ids."""
    runs: dict[str, list[str]] = {}
    for each in account.attempts:
        if each.flow_run_id:
            runs.setdefault(each.flow_run_id, []).append(str(each.attempt))
    if not runs:
        return
    output.say()
    if pages.address is None:
        output.say("Prefect runs (no server is running; to see them: cardcat server start):")
    else:
        output.say("Pages of the runs:")
    for run, attempts in runs.items():
        output.say(f"{','.join(attempts):>3} {pages.of(run) or run}")


def _show_stages(account: Account) -> None:
    from cardcat.history.account import pace, speed

    if not account.stages:
        return
    numbers = ("Files", "Size", "At work", "Speed", "Files/s")
    rows = []
    for each in account.stages:
        fast, often = speed(each), pace(each)
        rows.append(
            [
                each.stage.value,
                text.count(each.files),
                text.size(each.bytes) if each.bytes else "",
                text.duration(each.seconds),
                "" if fast is None else text.rate(fast),
                "" if often is None else _number(often),
            ]
        )
    output.say()
    output.table([Column("Stage"), *(Column(title, right=True) for title in numbers)], rows)


def _show_findings(findings: Sequence[KindRow]) -> None:
    if not findings:
        return
    columns = [Column("Finding", shrinks=True), Column("Stage")]
    columns += [Column(title, right=True) for title in ("Open", "Put right")]
    output.say()
    output.table(
        columns,
        [
            [each.error_type, each.stage.value, text.count(each.open), text.count(each.resolved)]
            for each in findings
        ],
    )


def ways_on(account: Account, catalog: str | None) -> list[tuple[str, str]]:
    """What a person may want to type after this: why, and the command."""
    session, ways = str(account.row.id), []
    if account.findings or account.row.files_failed:
        is_bad = account.row.status is not SessionStatus.COMPLETED
        what = "What went wrong:" if is_bad else "What was found:"
        ways.append((what, typed("sessions", "errors", session, catalog=catalog)))
    if account.is_to_finish:
        ways.append(("To finish it:", typed("sessions", "rerun", session, catalog=catalog)))
    elif account.row.status is SessionStatus.COMPLETED and account.later is None:
        source = account.row.source_path
        ways.append(("Safe to format?", typed("safe-to-format", source, catalog=catalog)))
    return ways


def _number(often: float) -> str:
    return f"{often:.1f}" if often < 10 else f"{often:,.0f}"  # noqa: PLR2004 - one digit tells little by itself


def _say(told: str, *, title: str, indent: int = _INDENT) -> None:
    """A fact with its title, in lines of 80 columns; a path or pattern is not broken."""
    first, *others = textwrap.wrap(
        display(told), _WIDTH - indent, break_long_words=False, break_on_hyphens=False
    ) or [""]
    output.say(f"{title:<{indent}}{first}")
    for line in others:
        output.say(" " * indent + line)
