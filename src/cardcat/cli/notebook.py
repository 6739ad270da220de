"""`cardcat notebook`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat.cli import output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, whole_number
from cardcat.cli.output import Column
from cardcat.errors import UsageError
from cardcat.paths import display

if TYPE_CHECKING:
    from cardcat.notebooks.finding import Notebook

EXAMPLES = examples(
    "cardcat notebook",
    "cardcat notebook duplicates",
    "cardcat notebook library --html ~/library.html",
    "cardcat notebook sessions --ipynb ~/sessions.ipynb",
    "cardcat notebook duplicates --edit",
)
_LARGEST_PORT = 65_535


def notebook(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A notebook, or the file of your own. Without it: list them."),
    ] = None,
    *,
    edit: Annotated[
        bool, typer.Option("--edit", help="Make a copy in this folder, and open it to be changed.")
    ] = False,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write it as a page to keep, in one file.")
    ] = None,
    ipynb: Annotated[
        str | None, typer.Option("--ipynb", metavar="FILE", help="Write it as a notebook for Jupyter.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            parser=whole_number("--port", _LARGEST_PORT),
            help="Where to serve the page. [default: a free one]",
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Open a notebook over the catalog, in the browser.

    It has charts, tables and pictures. The page is for this computer only, asks no other, and changes
    nothing. Ctrl-C ends it.
    """
    from cardcat.notebooks.finding import notebook_named

    if sum([edit, html is not None, ipynb is not None]) > 1:
        raise UsageError("Only one of --edit, --html and --ipynb can be done at a time.")
    if name is None:
        if edit or html or ipynb:
            raise UsageError("Which notebook is not said.", hint="List them: cardcat notebook")
        return _list(as_json=as_json)
    chosen = notebook_named(name)
    if html is not None or ipynb is not None:
        return _export(chosen, html, ipynb, catalog, as_json=as_json)
    return _serve(chosen, catalog, port, edit=edit, browser=not no_browser, as_json=as_json)


def _list(*, as_json: bool) -> int:
    from cardcat.notebooks.finding import notebooks

    found = notebooks()
    if as_json:
        output.emit(
            {
                "notebooks": [
                    {"name": each.name, "shows": each.told, **output.path_fields(str(each.path))}
                    for each in found
                ]
            }
        )
    else:
        output.table(
            [Column("Notebook"), Column("Shows", shrinks=True)], [[each.name, each.told] for each in found]
        )
        output.say("Open one: cardcat notebook duplicates")
    return 0


def _export(
    chosen: Notebook, html: str | None, ipynb: str | None, catalog: str | None, *, as_json: bool
) -> int:
    from cardcat.answers import require_free
    from cardcat.notebooks.exporting import export_html, export_jupyter

    option, given = ("--html", html) if html is not None else ("--ipynb", ipynb or "")
    place = folder(given, option)
    require_free(place)
    (export_html if html is not None else export_jupyter)(chosen, place, catalog)
    if as_json:
        output.emit({"notebook": chosen.name, **output.path_fields(str(place))})
    else:
        output.say(f"The notebook is written: {display(str(place))}")
    return 0


def _serve(
    chosen: Notebook, catalog: str | None, port: int | None, *, edit: bool, browser: bool, as_json: bool
) -> int:
    from cardcat.notebooks.serving import port_for, serve

    port_for(port)  # said before a copy is made
    if edit and chosen.is_ours:
        chosen = _own(chosen)

    def opened(address: str) -> None:
        if as_json:
            output.emit({"notebook": chosen.name, "address": address, **output.path_fields(str(chosen.path))})
        else:
            output.say(f"The notebook is at {address}")
            output.say("Ctrl-C ends it.")
        sys.stdout.flush()
        if browser:
            _show(address)

    serve(chosen, opened=opened, catalog=catalog, port=port, edit=edit)
    return 0


def _own(chosen: Notebook) -> Notebook:
    """A copy in the working folder: what is installed is not for changing."""
    from dataclasses import replace

    from cardcat.notebooks.finding import own_copy
    from cardcat.notebooks.marimo import copy_to

    place = own_copy(chosen, folder(".", "the folder").resolve())
    copy_to(chosen, place)
    output.note(f"Your copy is {display(str(place))}")
    return replace(chosen, path=place, is_ours=False)


def _show(address: str) -> None:
    """Open the browser, where there is a screen for one: none in the terminal takes it over."""
    import webbrowser

    if sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        webbrowser.open(address)
