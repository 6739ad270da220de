"""A run in words for the Prefect page: a table of findings, and a summary with the verdict. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from cardcat import text
from cardcat.model import BackupOptions, BackupResult, Finding, SessionResult, SessionStatus
from cardcat.paths import display, quoted
from cardcat.safety.answer import Reason

MOST_ROWS = 500  # a page with more is read by nobody; the catalog has them all
_MOST_REASONS = 10
_BAR = "\N{BROKEN BAR}"  # in a table a bar ends the cell, and with it the code that it stands in
_ANGLE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_HARMLESS = {"<": _ANGLE, "`": "'", "|": _BAR, "](": "] ("}


def scan_line(card: str, files: int, size: int, *, ignored: int, excluded: int) -> str:
    """The card for the log: `EOS_DIGITAL: 1,234 files, 5.6 GB; 3 ignored, 0 left out`."""
    return display(
        f"{card}: {text.many(files, 'file')}, {text.size(size)}; {ignored:,} ignored, {excluded:,} left out"
    )


def plan_line(files: int, work: int, size: int) -> str:
    """The plan for the log: `1,000 of 1,234 files to copy, 4.2 GB; the others are there already`."""
    rest = "; the others are there already" if work < files else ""
    return f"{work:,} of {text.many(files, 'file')} to copy, {text.size(size)}{rest}"


def batch_line(label: str, files: int, size: int, seconds: float) -> str:
    """A batch for the log: `batch 3 of 80: 500 files, 1.2 GB in 12.0 s (100.0 MB/s)`."""
    rate = f" ({text.rate(size / seconds)})" if size and seconds > 0 else ""
    return f"batch {label}: {text.many(files, 'file')}, {text.size(size)} in {text.duration(seconds)}{rate}"


def session_line(session: SessionResult) -> str:
    """A session in one line: `/mnt/archive: completed, 5 copied (1.2 GB), 1 skipped, 0 failed, 0 pending`."""
    counts = session.counts
    numbers = [f"{counts.copied:,} copied ({text.size(counts.bytes_copied)})"]
    for number, word in ((counts.skipped, "skipped"), (counts.failed, "failed"), (counts.pending, "pending")):
        numbers.append(f"{number:,} {word}")
    return f"{session.destination_path}: {session.status.value}, {', '.join(numbers)}"


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
    result: BackupResult,
    options: BackupOptions,
    catalog: str | None = None,
    *,
    safe: bool | None = None,
    reasons: Sequence[Reason] = (),
) -> str:
    """
    The run as Markdown, with commands for the *catalog* at hand.

    *safe* and *reasons* are the verdict on the card, None where there is none.
    """
    took, read = text.duration(result.duration_seconds), text.size(result.bytes_read_from_source)
    lines = [
        f"**{_code(str(options.source))}: {result.status.value}** in {took}, {read} read{_rate(result)}.",
        "",
        "| destination | session | status | copied | skipped | failed | pending |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += map(_row, result.sessions)
    lines += [f"\n{_code(session.message)}" for session in result.sessions if session.message]
    if result.findings:
        lines.append(f"\n{text.many(len(result.findings), 'finding')}; see the table beside this.")
    lines += [
        *_warnings(result.findings),
        "",
        *_verdict(safe, reasons, result),
        "",
        *_next(result, options, catalog),
    ]
    return "\n".join(lines)


def _row(session: SessionResult) -> str:
    counts = session.counts
    copied = f"{counts.copied:,}, {text.size(counts.bytes_copied)}" if counts.copied else "0"
    rest = " | ".join(f"{number:,}" for number in (counts.skipped, counts.failed, counts.pending))
    return (
        f"| {_code(session.destination_path).replace('|', _BAR)} | {session.id or 'none'} "
        f"| {session.status.value} | {copied} | {rest} |"
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


def _verdict(safe: bool | None, reasons: Sequence[Reason], result: BackupResult) -> list[str]:
    if safe is None and (pending := max((s.counts.pending for s in result.sessions), default=0)):
        return [f"**Safe to format: no**, {text.many(pending, 'file is', 'files are')} not backed up yet."]
    if safe is None:
        return ["Whether the card is safe to format was not looked at."]
    if safe:
        return [
            "**Safe to format: yes**, every file has a proved copy on another volume that is plugged in now."
        ]
    return ["**Safe to format: no**", *_reasons(reasons)]


def _reasons(reasons: Sequence[Reason]) -> list[str]:
    """What stands in the way, each reason once with the file or how many files it is of."""
    files: dict[str, list[str]] = {}
    for reason in reasons:
        files.setdefault(reason.reason, []).append(reason.path)
    lines = []
    for why, paths in list(files.items())[:_MOST_REASONS]:
        more = f" and {text.many(len(paths) - 1, 'more file')}" if len(paths) > 1 else ""
        lines.append(f"- {_code(paths[0] or 'the card')}{more}: {_code(why)}")
    left = len(files) - len(lines)
    return [*lines, *([f"- and {text.many(left, 'more reason')}"] if left else [])]


def _next(result: BackupResult, options: BackupOptions, catalog: str | None) -> list[str]:
    """What to type next; on the page, Retry does the same."""
    chosen = ["--catalog", catalog] if catalog else []
    unfinished = [session for session in result.sessions if session.status != SessionStatus.COMPLETED]
    if not unfinished:
        return ["Next:", "", _command("safe-to-format", str(options.source), *chosen)]
    lines = []
    for session in unfinished:
        if session.id and session.counts.failed:
            lines.append(_command("sessions", "errors", str(session.id), *chosen))
        if session.id:
            lines.append(_command("sessions", "rerun", str(session.id), *chosen))
        else:
            lines.append(_command("backup", str(options.source), session.destination_path, *chosen))
    return ["Next: look after what is named above. Then press Retry here, or type", "", *lines]


def _command(*words: str) -> str:
    return "    " + " ".join(map(quoted, ["cardcat", *words]))


def _code(words: str) -> str:
    """Text from outside, so that nothing in it is Markdown or HTML."""
    return "`" + display(words).replace("`", "'") + "`"


def _cell(words: str) -> str:
    """Text from outside, for cells that a page may take for Markdown: no tag, link or code is left."""
    shown = display(words)
    for active, harmless in _HARMLESS.items():
        shown = shown.replace(active, harmless)
    return shown
