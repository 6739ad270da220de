"""`cardcat duplicates`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import (
    catalogs,
    duplicates_apply,
    duplicates_cleanups,
    duplicates_find,
    duplicates_list,
    duplicates_plan,
    duplicates_show,
    duplicates_waste,
    output,
)
from cardcat.cli.options import AsJson, CatalogPath, examples, group

if TYPE_CHECKING:
    from cardcat.catalog.duplicates import Refreshed
    from cardcat.cli.output import Json

app = group("Photos and videos that your libraries hold more than once. Backups are none.")


@app.command(epilog=examples("cardcat duplicates refresh"))
def refresh(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """
    Count the duplicates anew from the copies on record.

    No drive is read, and no file is touched. The Prefect page does this every day as duplicates-daily.
    """
    from cardcat.catalog.duplicates import Duplicates, Refreshed
    from cardcat.counting import count_duplicates

    counted = count_duplicates(catalog, named=0)
    if as_json:
        output.emit(refreshed_document(counted.refreshed if counted else Refreshed(Duplicates(), 0, 0, 0)))
    elif counted:
        _say(counted.refreshed)
    else:
        catalogs.say_absent(catalog)
    return 0


app.command("find", epilog=duplicates_find.EXAMPLES)(duplicates_find.find)
app.command("plan", epilog=duplicates_plan.EXAMPLES)(duplicates_plan.plan)
app.command("apply", epilog=duplicates_apply.APPLY_EXAMPLES)(duplicates_apply.apply)
app.command("undo", epilog=duplicates_apply.UNDO_EXAMPLES)(duplicates_apply.undo)
app.command("cleanups", epilog=duplicates_cleanups.CLEANUPS_EXAMPLES)(duplicates_cleanups.cleanups)
app.command("list", epilog=duplicates_list.EXAMPLES)(duplicates_list.list_)
app.command("show", epilog=duplicates_show.EXAMPLES)(duplicates_show.show)
app.command("waste", epilog=duplicates_waste.EXAMPLES)(duplicates_waste.waste)


def refreshed_document(found: Refreshed) -> dict[str, Json]:
    """What a refresh found, for `duplicates refresh --json`."""
    return {
        **duplicates_list.counts(found.now),
        "new": found.new,
        "changed": found.changed,
        "gone": found.gone,
    }


def _say(found: Refreshed) -> None:
    from cardcat.summaries import duplicates_line

    if not found.now.groups:
        output.say(f"{duplicates_line(found.now)} Backups do not count.")
    else:
        output.say(duplicates_line(found.now))
        changes = (("new", found.new), ("changed", found.changed), ("gone", found.gone))
        if told := ", ".join(f"{text.count(number)} {what}" for what, number in changes if number):
            output.say(f"Since the last time: {told}.")
        output.say("The largest: cardcat duplicates list")
