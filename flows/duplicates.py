"""Count the photos and videos anew that libraries hold more than once."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.states import Completed

from cardcat.errors import CancelledError, CardcatError
from cardcat.summaries import duplicates_line
from tasks import form
from tasks.duplicates import refresh, show
from tasks.page import on_page
from tasks.running import begin, got, refused


@flow(name="duplicates", flow_run_name="count duplicates", persist_result=False)
def duplicates(catalog: form.Catalog = "") -> State[Any]:
    """
    Bring the table of duplicates up to the copies on record. No drive is read, and no file is touched.

    Copies that a backup made do not count: they are redundancy, not waste.
    """
    begin()
    with on_page("duplicates") as page:
        try:
            counted = got(refresh(catalog or None))
        except CardcatError as error:
            return refused(error)
        except KeyboardInterrupt:
            return refused(CancelledError("The count was stopped at once; no drive was touched."))
        if counted is None:
            return Completed(message="There is no catalog yet, so there is nothing to count.")
        show(page, counted, catalog or None)
    return Completed(message=duplicates_line(counted.refreshed.now))
