"""`cardcat duplicates cleanups`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, examples
from cardcat.cli.output import Column, Json
from cardcat.cli.results import typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardcat.catalog.cleanups import CleanupCount
    from cardcat.cleanup.looking import Looked

CLEANUPS_EXAMPLES = examples("cardcat duplicates cleanups")

_INTERRUPTED = "interrupted"


def cleanups(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """
    List the cleanups: which plan, when, and what is still put away.

    It is looked, on the drives that are plugged in, whether what was put away is still in the quarantine.
    """
    from cardcat.catalog.cleanups import dead_ones, list_cleanups
    from cardcat.cleanup.looking import look_at
    from cardcat.owner import is_alive

    with catalogs.reading(catalog) as c:
        rows = [] if c is None else list_cleanups(c)
        looked = {} if c is None else look_at(c, rows)
    dead = {row.id for row in dead_ones((each.row for each in rows), is_alive)}
    if as_json:
        output.emit(
            {
                "cleanups": [
                    _cleanup(each, looked.get(each.row.id), is_dead=each.row.id in dead) for each in rows
                ]
            }
        )
    elif rows:
        _table(rows, dead)
        for id_, found in looked.items():
            _say_looked(id_, found, catalog)
    elif c is None:
        catalogs.say_absent(catalog)
    else:
        output.say("No plan was applied yet. To make one: cardcat duplicates plan FILE")
    return 0


def _cleanup(each: CleanupCount, looked: Looked | None, *, is_dead: bool) -> dict[str, Json]:
    row = each.row
    return {
        "id": row.id,
        "plan": row.plan_path,
        "status": row.status,
        "is_interrupted": is_dead,
        "error_message": row.error_message,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "steps": each.steps,
        "files_away": each.files,
        "bytes_away": each.size,
        "files_undone": each.undone,
        "files_in_quarantine": looked.there if looked else 0,
        "files_missing": looked.missing if looked else 0,
        "files_not_plugged_in": looked.offline if looked else 0,
        "files_without_other_copy": looked.alone if looked else 0,
    }


def _table(rows: Sequence[CleanupCount], dead: set[int]) -> None:
    columns = [
        Column("ID", right=True),
        Column("Started"),
        Column("Status"),
        Column("Away", right=True),
        Column("Size", right=True),
        Column("Plan", shrinks=True),
    ]
    cells = [
        [
            str(each.row.id),
            text.moment(each.row.started_at),
            _INTERRUPTED if each.row.id in dead else each.row.status,
            text.count(each.files),
            text.size(each.size),
            each.row.plan_path,
        ]
        for each in rows
    ]
    output.table(columns, cells)
    if dead:
        output.say("What was interrupted goes on with: cardcat duplicates apply PLAN --yes")


def _say_looked(cleanup_id: int, found: Looked, catalog: str | None) -> None:
    """What is wrong with what a cleanup has put away."""
    undo_it = typed("duplicates", "undo", str(cleanup_id), catalog=catalog)
    if found.missing:
        several = text.many(found.missing, "file")
        output.say(f"Cleanup {cleanup_id}: {several} not in the quarantine any more.", style="yellow")
    if found.missing and not (found.there or found.offline):
        output.say(f"  To put that on record, with nothing left to take back: {undo_it} --yes")
    if found.alone:
        several = text.many(found.alone, "file")
        output.say(
            f"Cleanup {cleanup_id}: {several} in the quarantine without any other copy on record.",
            style="red",
        )
        output.say(f"  To take it back: {undo_it}")
