"""Read copies again from their drives, those that waited longest first, and say which are not right."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import State, flow
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from cardcat.checking import Checked, seconds
from cardcat.errors import CancelledError, CardcatError
from cardcat.plan.budgets import PATTERN
from cardcat.summaries import verify_name, wrong_line
from tasks import form
from tasks.page import on_page
from tasks.policy import whole
from tasks.running import begin, got, refused
from tasks.verify import Budgeted, read_copies, show

Budget = Annotated[
    str | None,
    form.field(
        "Budget",
        "Stop after so long; the next run goes on from there. Empty: no limit.",
        "30m",
        "1h30m",
        pattern=f"^{PATTERN}$",
    ),
]
Where = Annotated[
    str | None,
    form.field(
        "Where",
        "A folder or file as a full path, or a drive by its label or uuid. Empty: all drives that are there.",
        "/mnt/archive/2024",
        "ARCHIVE",
    ),
]


def _name() -> str:
    return verify_name(flow_run.parameters.get("where"), flow_run.parameters.get("budget"))


@flow(name="verify", flow_run_name=_name, persist_result=False)
def verify(budget: Budget = "1h", where: Where = None, catalog: form.Catalog = "") -> State[Any]:
    """
    Read copies again and compare them with what is on record, on each disk the oldest check first.

    Red if a copy is damaged, missing or unreadable. No file is touched: `cardcat repair` restores them.
    """
    begin()
    with on_page("verify") as page:
        try:
            limit = seconds(budget)
            reporter = whole(Budgeted(page, limit))
            what = where or "all drives"
            checked = got(read_copies(what, where or None, limit, catalog or None, reporter))
        except CardcatError as error:
            return refused(error)
        except KeyboardInterrupt:
            return refused(CancelledError("The check was stopped at once; what was recorded is kept."))
        if checked is None:
            return Completed(message="There is no catalog yet, so there is nothing to check.")
        show(page, checked, catalog or None)
    return _state(checked)


def _state(checked: Checked) -> State[Any]:
    """Red where a person is needed."""
    message = wrong_line(checked.found)
    if checked.found.wrong:
        return Failed(message=f"{message} To see what can be restored: cardcat repair --dry-run")
    if checked.earlier:
        message += f" {len(checked.earlier):,} earlier findings are not settled: cardcat repair --dry-run"
    return Completed(message=message)
