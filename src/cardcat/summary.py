"""A run in words for the Prefect page: a table of findings, and a summary with the verdict. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from cardcat import text
from cardcat.model import BackupOptions, BackupResult, Finding, SessionResult, SessionStatus
from cardcat.paths import display, quoted

MOST_ROWS = 500  # a page with more is read by nobody; the catalog has them all
_MOST_REASONS = 10
_BAR = "\N{BROKEN BAR}"  # in a table a bar ends the cell, and with it the code that it stands in
_ANGLE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_HARMLESS = {"<": _ANGLE, "`": "'", "|": _BAR, "](": "] ("}


def run_name(source: str, destinations: Sequence[str]) -> str:
    """What a run is called: `EOS_DIGITAL to Archive, Safe`."""
    places = ", ".join(PurePath(destination).name for destination in destinations)
    return display(f"{PurePath(source).name or 'card'} to {places}")


def findings_table(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """The findings as rows for a table, the first `MOST_ROWS` of them."""
    return [
        {
            "file": _cell(finding.path),
            "stage": finding.stage.value,
            "what": finding.error_type,
            "message": _cell(finding.message),
        }
        for finding in findings[:MOST_ROWS]
    ]


def summary_markdown(
    result: BackupResult, options: BackupOptions, *, safe: bool | None = None, reasons: Sequence[str] = ()
) -> str:
    """The run as Markdown; *safe* and *reasons* are the verdict on the card, None where there is none."""
    took, read = text.duration(result.duration_seconds), text.size(result.bytes_read_from_source)
    lines = [
        f"**{_code(str(options.source))}: {result.status.value}** in {took}, {read} read{_rate(result)}.",
        "",
        "| destination | session | status | copied | skipped | failed | pending | size |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += map(_row, result.sessions)
    lines += [f"\n{_code(session.message)}" for session in result.sessions if session.message]
    if result.findings:
        lines.append(f"\n{text.many(len(result.findings), 'finding')}; see the table beside this.")
    lines += [*_warnings(result.findings), "", *_verdict(safe, reasons), "", *_next(result, options)]
    return "\n".join(lines)


def _row(session: SessionResult) -> str:
    counts = session.counts
    numbers = (counts.copied, counts.skipped, counts.failed, counts.pending)
    return (
        f"| {_code(session.destination_path).replace('|', _BAR)} | {session.id or 'none'} "
        f"| {session.status.value} | {' | '.join(f'{number:,}' for number in numbers)} "
        f"| {text.size(counts.bytes_copied)} |"
    )


def _rate(result: BackupResult) -> str:
    if not result.bytes_read_from_source or not result.duration_seconds:
        return ""
    return f" ({text.rate(result.bytes_read_from_source / result.duration_seconds)})"


def _warnings(findings: Sequence[Finding]) -> list[str]:
    """What is to be known as long as the card is at hand."""
    told = list(dict.fromkeys((f.path, f.message) for f in findings if f.is_before_leaving))
    if not told:
        return []
    shown = [f"- {_code(f'{path}: {message}')}" for path, message in told[:_MOST_REASONS]]
    more = len(told) - len(shown)
    title = "\n**Before you format the card or put it away:**"
    return [title, *shown, *([f"- and {more:,} more"] if more else [])]


def _verdict(safe: bool | None, reasons: Sequence[str]) -> list[str]:
    if safe is None:
        return ["Whether the card is safe to format was not looked at."]
    if safe:
        return [
            "**Safe to format: yes**, every file has a proved copy on another volume that is plugged in now."
        ]
    shown = [f"- {_code(reason)}" for reason in reasons[:_MOST_REASONS]]
    more = len(reasons) - len(shown)
    return ["**Safe to format: no**", *shown, *([f"- and {more:,} more"] if more else [])]


def _next(result: BackupResult, options: BackupOptions) -> list[str]:
    unfinished = [s for s in result.sessions if s.id and s.status != SessionStatus.COMPLETED]
    if unfinished:
        return [
            "Next: look after what is named above, then",
            "",
            f"    cardcat sessions rerun {unfinished[0].id}",
        ]
    return ["Next:", "", f"    cardcat safe-to-format {quoted(str(options.source))}"]


def _code(words: str) -> str:
    """Text from outside, so that nothing in it is Markdown or HTML."""
    return "`" + display(words).replace("`", "'") + "`"


def _cell(words: str) -> str:
    """Text from outside, for cells that a page may take for Markdown: no tag, link or code is left."""
    shown = display(words)
    for active, harmless in _HARMLESS.items():
        shown = shown.replace(active, harmless)
    return shown
