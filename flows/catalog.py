"""Look after the catalog: read it completely, copy it, check the copy, end what is lost, tidy up."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import State, flow
from prefect.states import Completed

from cardcat.catalog.engine import is_absent
from cardcat.errors import CancelledError, CardcatError, UsageError
from cardcat.maintaining import Maintained
from cardcat.plan.keeping import KEEP
from cardcat.server import logs
from cardcat.summaries import upkeep_line
from tasks import form
from tasks.catalog import check, copy, end_lost, show, tidy
from tasks.page import Page, on_page
from tasks.running import begin, got, refused

Keep = Annotated[
    int,
    form.field(
        "Copies to keep", "The oldest go, once the new one was checked. At least 1.", 8, 52, minimum=1
    ),
]
Folder = Annotated[
    str | None,
    form.field(
        "Folder for the copies",
        "As a full path; it has to be there. Empty: backups, beside the catalog.",
        "/mnt/archive/catalog",
    ),
]


@flow(name="catalog", flow_run_name="look after the catalog", persist_result=False)
def catalog(keep: Keep = KEEP, folder: Folder = None, catalog: form.Catalog = "") -> State[Any]:
    """
    Read the catalog completely, copy it, and keep the newest copies. End what was killed. Tidy up.

    Red if the catalog is damaged or could not be copied. Only dated copies of this catalog are ever removed.
    """
    begin()
    with on_page("catalog") as page:
        try:
            if is_absent(catalog or None):
                return Completed(message="There is no catalog yet, so there is nothing to look after.")
            done = _stages(page, keep, folder or None, catalog or None)
        except CardcatError as error:
            return refused(error)
        except KeyboardInterrupt:
            return refused(CancelledError("The upkeep was stopped at once. The catalog is whole."))
        show(page, done, catalog or None)
    return Completed(message=upkeep_line(done))


def _stages(page: Page, keep: int, folder: str | None, catalog: str | None) -> Maintained:
    if keep < 1:
        raise UsageError("At least one copy of the catalog has to be kept.")
    to = None if folder is None else form.full_path(folder, "folder for the copies")
    page.progress(0.0, "Reading the whole catalog")
    path = got(check(catalog))
    lost = got(end_lost(catalog))
    page.progress(40.0, "Copying the catalog and checking the copy")
    kept = got(copy(catalog, keep, to))
    page.progress(80.0, "Looking at its tables and its free space")
    tidied = got(tidy(catalog))
    return Maintained(path, lost, kept, tidied, logs.trim())
