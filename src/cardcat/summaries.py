"""Checks and upkeep in words for the Prefect page: tables, and a summary with the next command. Pure text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.catalog.checks import OpenFinding
from cardcat.catalog.duplicates import DuplicateGroup, Duplicates, Refreshed
from cardcat.markdown import cell, code, command, table
from cardcat.plan.compacting import Compaction

if TYPE_CHECKING:  # they bring Polars, and quick commands say a sentence of these
    from cardcat.care.verifying import Verified
    from cardcat.maintaining import Maintained, Tidied

MOST_ROWS = 500  # a page with more is read by nobody; the catalog has them all
_MOST_NAMED = 10


def verify_name(where: str | None, budget: str | None) -> str:
    """What a check is called: `verify ARCHIVE, 30m`."""
    return f"verify {where or 'all drives'}, {budget or 'all of it'}"


def wrong_table(found: Verified) -> list[dict[str, str]]:
    """The copies that are not right as rows for a table, the first `MOST_ROWS` of them."""
    return [
        {
            "drive": cell(each.drive),
            "file": cell(each.path),
            "trouble": each.trouble.value,
            "message": cell(each.message),
        }
        for each in found.wrong[:MOST_ROWS]
    ]


def wrong_line(found: Verified) -> str:
    """What a check found in one sentence."""
    if not found.checked:
        return "Nothing could be checked now."
    checked = f"{_copies(found.checked)} checked"
    if not found.wrong:
        return f"{checked}, all of them right."
    counts = Counter(each.trouble.value for each in found.wrong)
    return f"{checked}: {', '.join(f'{count:,} {word}' for word, count in sorted(counts.items()))}."


def verify_summary(found: Verified, earlier: Sequence[OpenFinding], catalog: str | None) -> str:
    """A check as Markdown; *earlier* are the findings from before it that nobody has settled."""
    speed = f" ({text.rate(found.bytes_read / found.seconds)})" if found.seconds >= 1 else ""
    took = f"{text.size(found.bytes_read)} read in {text.duration(found.seconds)}{speed}"
    lines = [f"**{wrong_line(found)}** {took}.", ""]
    if found.drives:
        lines += [*table(["drive", "checked", "not right"], _per_drive(found)), ""]
    lines += [f"- {code(each.place)}: {each.trouble.value}" for each in found.wrong[:_MOST_NAMED]]
    if (more := len(found.wrong) - _MOST_NAMED) > 0:
        lines.append(f"- and {more:,} more")
    if earlier:
        several = text.many(len(earlier), "copy that was", "copies that were")
        lines.append(f"\n**{several} not right at an earlier check**, and nothing has mended since.")
    lines += [*_waiting(found), *_offline(found), ""]
    return "\n".join([*lines, *_next_of_verify(found, earlier, catalog)])


def duplicates_table(groups: Sequence[DuplicateGroup]) -> list[dict[str, str]]:
    """The largest groups as rows for a table."""
    return [
        {
            "file": cell(group.path or "-"),
            "copies": text.count(group.copies),
            "size of one": text.size(group.size),
            "more than needed": text.size(group.wasted),
            "hash": group.hash[:12],
        }
        for group in groups[:MOST_ROWS]
    ]


def duplicates_line(now: Duplicates) -> str:
    """The duplicates in one sentence."""
    if not now.groups:
        return "No library holds a photo or video more than once."
    files = text.many(now.groups, "file")
    return f"{files} in {text.count(now.copies)} copies: {text.size(now.wasted)} more than needed."


def duplicates_summary(found: Refreshed, catalog: str | None) -> str:
    """A refresh as Markdown."""
    counts = [[text.count(number) for number in (found.now.groups, found.new, found.changed, found.gone)]]
    return "\n".join(
        [
            f"**{duplicates_line(found.now)}** Copies that a backup made do not count.",
            "",
            *table(["groups", "new", "changed", "gone"], counts),
            "",
            "Next:",
            "",
            command("duplicates", "list", *_chosen(catalog)),
        ]
    )


def upkeep_line(found: Maintained) -> str:
    """What the upkeep did in one sentence."""
    return f"The catalog is sound, and copied to {found.kept.file}."


def upkeep_summary(found: Maintained, catalog: str | None) -> str:
    """The upkeep as Markdown."""
    kept, lost = found.kept, found.lost
    copies, removed = text.many(kept.copies, "copy", "copies"), len(kept.removed)
    lines = [
        f"**The catalog {code(str(found.path))} is sound.** Every page and row of it was read.",
        "",
        f"- A checked copy: {code(str(kept.file))}, {text.size(kept.size)}.",
        f"- {copies} there now; removed as too old: {removed}.",
        f"- {space_line(found.tidied)}",
    ]
    if lost.sessions:
        lines.append(f"- Ended, since their process is gone: sessions {', '.join(map(str, lost.sessions))}.")
    if lost.runs:
        lines.append(f"- {text.many(len(lost.runs), 'run')} whose process is gone ended on this page.")
    if found.log:
        lines.append(f"- The server's log was begun anew; the old one has {text.size(found.log)}.")
    next_ = "Next, if the catalog is ever lost:"
    return "\n".join(
        [*lines, "", next_, "", command("catalog", "restore", str(kept.file), *_chosen(catalog))]
    )


def space_line(tidied: Tidied) -> str:
    """What became of free space in the catalog's file."""
    before, after = tidied.before, tidied.after
    if tidied.compaction is Compaction.WORTH_IT:
        return f"Made smaller: {text.size(before.size)} before, {text.size(after.size)} now."
    free = f"{text.size(before.free)} of its {text.size(before.size)} are free"
    return f"{free}; not made smaller: {tidied.compaction.value}."


def _per_drive(found: Verified) -> list[list[str]]:
    wrong = Counter(each.drive for each in found.wrong)
    return [[code(drive), f"{count:,}", f"{wrong[drive]:,}"] for drive, count in sorted(found.drives.items())]


def _waiting(found: Verified) -> list[str]:
    lines = []
    if warm := found.right - found.cold:
        lines.append(f"\nOf {_copies(warm)} memory may have answered for the drive: it can't be told there.")
    if found.waiting:
        since = f"last checked {text.moment(found.oldest)}" if found.oldest else "never checked"
        size = text.size(found.waiting_bytes)
        lines.append(
            f"\n{_copies(found.waiting)} ({size}) wait for the next run; the oldest of them was {since}."
        )
    return lines


def _offline(found: Verified) -> list[str]:
    """The drives to plug in, those with most copies first."""
    drives = sorted(found.offline.items(), key=lambda item: (-item[1], item[0]))
    if not drives:
        return []
    return [
        "\nTo check these too, plug in:",
        "",
        *(
            f"- {code(name)}: {_copies(count)}, last seen {text.moment(seen)}"
            for (name, seen), count in drives
        ),
    ]


def _next_of_verify(found: Verified, earlier: Sequence[OpenFinding], catalog: str | None) -> list[str]:
    if found.wrong or earlier:
        dry, real = (command("repair", *more, *_chosen(catalog)) for more in (["--dry-run"], []))
        return ["Next: see what can be restored, then restore it", "", dry, real]
    return ["Next: nothing. The next run goes on with the copies that were not read for longest."]


def _copies(number: int) -> str:
    return text.many(number, "copy", "copies")


def _chosen(catalog: str | None) -> list[str]:
    return ["--catalog", catalog] if catalog else []
