"""Take existing folders into the catalog: look, read what is new or changed, settle. Nothing is copied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import State, flow
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from cardcat import reporting, stopping
from cardcat.catalog.engine import is_absent
from cardcat.errors import CancelledError, CardcatError
from cardcat.indexing.handing import hand_over
from cardcat.indexing.places import Asked
from cardcat.indexing.results import Indexed
from cardcat.indexing.running import carry_out, opened_index
from cardcat.indexing.words import index_line, run_name, trouble_of
from cardcat.paths import display
from cardcat.plan.index_modes import IndexMode
from tasks import form
from tasks.index import show, steps
from tasks.page import Page, on_page
from tasks.report import telling_page
from tasks.running import begin, refused

Folders = Annotated[
    list[str] | None,
    form.LIST,
    form.field(
        "Folders",
        "As full paths. Empty: all that were indexed before, as far as their drives are plugged in.",
        ["/home/me/Pictures"],
    ),
]
Mode = Annotated[
    Literal["as before", "deep", "content", "metadata"],
    form.field(
        "Mode",
        "deep: hash each file and read its metadata. content: hash it. metadata: names, sizes, times alone.",
    ),
]
Includes = Annotated[
    list[str] | None, form.LIST, form.field("Take only", "Patterns of files. Empty: as before.", ["*.JPG"])
]
Excludes = Annotated[
    list[str] | None, form.LIST, form.field("Leave out", "Patterns of files. Empty: as before.", ["*.LRV"])
]
Everything = Annotated[bool, form.field("Forget earlier patterns", "Take everything that is there.")]


def _name() -> str:
    return run_name(flow_run.parameters.get("paths") or ())


@flow(name="index", flow_run_name=_name, persist_result=False)
def index(  # noqa: PLR0917 - the parameters are the form on the page
    paths: Folders = form.EMPTY,
    mode: Mode = "as before",
    includes: Includes = form.EMPTY,
    excludes: Excludes = form.EMPTY,
    everything: Everything = False,
    catalog: form.Catalog = "",
) -> State[Any]:
    """
    Take folders into the catalog, where they are. Only what is new or has changed is read.

    Red if something could not be taken in. What was begun is gone on with by the next run.
    """
    begin()
    with on_page("index") as page:
        try:
            folders = [form.full_path(path, "folder") for path in paths or ()] or None
            asked = _asked(mode, includes, excludes, everything=everything)
            found = _indexed(folders, asked, catalog or None, page)
        except CardcatError as error:
            return refused(error)
        except KeyboardInterrupt:
            return refused(CancelledError("The index was stopped at once; what was recorded is kept."))
        show(page, found, catalog or None)
    return _state(found)


def _asked(mode: str, includes: list[str] | None, excludes: list[str] | None, *, everything: bool) -> Asked:
    none = () if everything else None
    return Asked(
        None if mode == "as before" else IndexMode(mode),
        tuple(includes or ()) or none,
        tuple(excludes or ()) or none,
    )


def _indexed(folders: list[Path] | None, asked: Asked, catalog: str | None, page: Page) -> Indexed:
    if folders is None and is_absent(catalog):
        return Indexed(())
    with (
        telling_page(page) as shown,
        opened_index(
            catalog,
            reporter=reporting.Several(reporting.current(), shown),
            stop=stopping.stop_requested,
        ) as run,
    ):
        run.flow_run_id = str(flow_run.id) if flow_run.id else None
        found = carry_out(run, folders, asked, steps())
    hand_over(found)
    return found


def _state(found: Indexed) -> State[Any]:
    """Red where a person is needed."""
    if found.is_cancelled:
        return Cancelled(message="Stopped. What was indexed is on record; the next run goes on from there.")
    if trouble := trouble_of(found):
        return Failed(message=display(f"{index_line(found)} {trouble}"))
    return Completed(message=display(index_line(found)))
