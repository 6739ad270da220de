"""Copies read again: the check, and what its page and its log show of it."""

from __future__ import annotations

import time
from typing import Any

from prefect import State, task
from prefect.logging import get_run_logger

from cardcat.checking import Checked, check
from cardcat.cli.progress import DOING, Work
from cardcat.paths import display
from cardcat.summaries import verify_summary, wrong_line, wrong_table
from tasks.page import Page
from tasks.policy import KEEP_NOTHING, RETRY_AFTER, is_worth_a_retry
from tasks.report import OnPage
from tasks.running import calmly

_MOST_LINES = 50  # wrong copies in the log; the table and the catalog have the rest


class Budgeted(OnPage):
    """Progress by what is read or by the time that is used up of *budget* seconds, whichever is further."""

    def __init__(self, page: Page, budget: float | None) -> None:
        super().__init__(page)
        self._budget = budget
        self._began = time.monotonic()

    def progressed(self, work: Work, now: float) -> None:
        """Move the bar, whose words say files, bytes and rate."""
        done, total = work.amounts()
        read = done / total if total else 0.0
        spent = (now - self._began) / self._budget if self._budget else 0.0
        self._page.progress(100.0 * max(read, spent), f"{DOING[work.stage]}: {work.numbers(now)}")


@task(
    name="verify",
    task_run_name="read {what}",
    tags=["cardcat"],
    retries=len(RETRY_AFTER),
    retry_delay_seconds=RETRY_AFTER,
    retry_condition_fn=is_worth_a_retry,
    **KEEP_NOTHING,
)
def read_copies(
    what: str, where: str | None, budget: float | None, catalog: str | None, reporter: Budgeted
) -> Checked | State[Any] | None:
    """Read what is due again. A retry goes on with what is left."""
    del what  # for the name of the task run
    return calmly(lambda: check(catalog, where, budget=budget, reporter=reporter))


def show(page: Page, checked: Checked, catalog: str | None) -> None:
    """Leave the bad copies as a table, the summary with the next command, and what a person can act on."""
    log, found = get_run_logger(), checked.found
    log.info("%s", wrong_line(found))
    for each in found.wrong[:_MOST_LINES]:
        log.warning("%s: %s: %s", display(each.place), each.trouble.value, display(each.message))
    if checked.earlier:
        log.warning("%d findings of earlier checks are not settled: cardcat repair", len(checked.earlier))
    if found.wrong:
        page.table("findings", wrong_table(found), "Copies that are not right")
    page.markdown("summary", verify_summary(found, checked.earlier, catalog))
    page.progress(100.0, wrong_line(found))
