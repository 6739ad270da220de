"""An index in words for the Prefect page: its name, a table, a summary with the next command. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from cardcat import text
from cardcat.indexing.results import Indexed, IndexedLocation
from cardcat.markdown import cell, code, command, table
from cardcat.paths import display
from cardcat.plan.index_modes import ScanState
from cardcat.summaries import MOST_ROWS

_NAMED = 3  # folders in the name of a run


def run_name(paths: Sequence[str]) -> str:
    """What an index is called: `index Pictures, scans`."""
    if not paths:
        return "index all libraries"
    names = [PurePath(path).name or path for path in paths[:_NAMED]]
    more = ["…"] if len(paths) > _NAMED else []
    return display(f"index {', '.join([*names, *more])}")


def index_line(found: Indexed) -> str:
    """What an index found in one sentence."""
    there = [each for each in found.locations if each.is_there]
    if not found.locations:
        return "No folder was indexed yet, so there is nothing to do."
    if not there:
        return "No drive with an indexed folder is plugged in."
    counts = {
        "new": sum(each.new for each in there),
        "changed": sum(each.changed for each in there),
        "moved": sum(each.moved for each in there),
        "missing": sum(each.missing for each in there),
    }
    told = ", ".join(f"{text.count(number)} {word}" for word, number in counts.items() if number)
    files = text.many(sum(each.files for each in there), "file")
    return f"{files} in {text.many(len(there), 'folder')}: {told or 'nothing has changed'}."


def findings_table(found: Indexed) -> list[dict[str, str]]:
    """What could not be taken in as rows for a table, the first `MOST_ROWS` of them."""
    rows = [
        {"folder": cell(each.path), "file": cell(finding.path), "what": cell(finding.message)}
        for each in found.locations
        for finding in each.findings[:MOST_ROWS]
    ]
    return rows[:MOST_ROWS]


def index_summary(found: Indexed, catalog: str | None) -> str:
    """An index as Markdown."""
    lines = [f"**{index_line(found)}**", ""]
    if found.locations:
        heads = ["folder", "files", "new", "changed", "moved", "missing", "read", "state"]
        lines += [*table(heads, [_row(each) for each in found.locations]), ""]
    lines += [f"- {code(each.path)}: {cell(each.message)}" for each in found.locations if each.message]
    chosen = ["--catalog", catalog] if catalog else []
    if found.findings:
        lines += ["", f"{text.many(found.findings, 'thing')} could not be taken in: see the table.", ""]
    next_ = ["Next: what is there more than once", "", command("duplicates", "list", *chosen)]
    return "\n".join([*lines, "", *next_])


def _row(each: IndexedLocation) -> list[str]:
    state = each.state.value if each.is_there else "not plugged in"
    numbers = (each.files, each.new, each.changed, each.moved, each.missing)
    return [code(each.path), *map(text.count, numbers), text.size(each.bytes_read), state]


def trouble_of(found: Indexed) -> str | None:
    """Why a person should look, None if nobody needs to."""
    failed = [each for each in found.locations if each.state is ScanState.ERROR]
    if failed:
        return f"{failed[0].path}: {failed[0].message}"
    return f"{text.many(found.findings, 'thing')} could not be taken in." if found.findings else None
