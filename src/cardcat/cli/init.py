"""`cardcat init`."""

from __future__ import annotations

from typing import Annotated

import typer

from cardcat.cli import output
from cardcat.cli.options import AsJson, examples, folder

EXAMPLES = examples("cardcat init ~/cardcat-flows")


def init(
    directory: Annotated[str, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    *,
    as_json: AsJson = False,
) -> int:
    """
    Make a folder with the Prefect project, to own and edit.

    It gets the flows, the tasks and prefect.yaml. Nothing that is there already is overwritten.
    """
    from cardcat.project import init_project

    target = folder(directory, "DIR")
    init_project(target)
    if as_json:
        output.emit(output.path_fields(str(target)))
    else:
        output.say(f"The Prefect project is in {target}; `prefect deploy --all` in there deploys it.")
    return 0
