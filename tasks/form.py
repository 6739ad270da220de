"""The form that the page shows for a flow's parameters, and what is checked of what was put into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from cardcat.errors import UsageError
from cardcat.model import BackupOptions, Layout
from cardcat.paths import display
from cardcat.zones import zone


def field(title: str, description: str, *examples: object, **more: object) -> Any:
    """
    How the form shows a parameter. *more* goes into its JSON schema.

    All of it as extras: Prefect puts the name in the place of a title that pydantic knows of.
    """
    shown: dict[str, Any] = {"title": title, "description": description, **more}
    return Field(json_schema_extra=shown | ({"examples": list(examples)} if examples else {}))


# Whatever may be left empty is shown as plain text, a list or a number: of a choice between "str" and "None"
# nobody knows what is meant. A program may say None all the same where it starts a flow itself.
_TEXT = WithJsonSchema({"type": "string"})
_LIST = WithJsonSchema({"type": "array", "items": {"type": "string"}})
_NUMBER = WithJsonSchema({"type": "integer"})
LIST = _LIST
"""Shows a parameter as a list of texts."""

Source = Annotated[
    str,
    field(
        "Card",
        "The card's folder on the worker's computer, such as /media/me/EOS_DIGITAL. It is only read.",
        "/media/me/EOS_DIGITAL",
        minLength=1,
    ),
]
Destinations = Annotated[
    list[str],
    field(
        "Drives",
        "The folders to copy to, such as /mnt/archive/photos; each has to be there. "
        "Folders on two drives make two copies.",
        ["/mnt/archive/photos", "/mnt/safe/photos"],
        minItems=1,
    ),
]
Arrangement = Annotated[
    Literal["dated", "tree"],
    field("Layout", "dated: by the day taken (2024/2024-05-01/IMG_0001.CR3). tree: the card's own folders."),
]
Timezone = Annotated[
    str | None,
    _TEXT,
    field(
        "Time zone",
        "For files that tell no zone of their own, such as Europe/Paris. Empty: the computer's.",
        "Europe/Paris",
    ),
]
Excludes = Annotated[
    list[str] | None,
    _LIST,
    field(
        "Leave out",
        "Patterns of files not to copy, such as *.LRV. The card is then not safe to format.",
        ["*.LRV", "*.THM"],
    ),
]
Recheck = Annotated[
    bool, field("Read everything again", "Also files that were backed up and look unchanged.")
]
Catalog = Annotated[
    str | None, _TEXT, field("Catalog", "The catalog's file, as a full path. Empty: the usual one.")
]
Session = Annotated[
    int | None,
    _NUMBER,
    field(
        "Session to finish",
        "A number from cardcat sessions list. 0: one that was broken off is found by itself.",
        minimum=0,
    ),
]
Volumes = Annotated[
    list[str] | None,
    _LIST,
    field(
        "Volumes",
        "Leave it empty. The watch fills it in: the volumes that the card and each drive have to be on, so "
        "that a run that waited takes no other one.",
    ),
]
EMPTY: list[str] = []
"""What a list of the form is at first. Nobody changes it."""


def order(
    source: str,
    destinations: Sequence[str],
    layout: str,
    timezone: str | None,
    excludes: Sequence[str] | None,
    *,
    recheck: bool,
    session: int | None,
    volumes: Sequence[str] | None = None,
) -> BackupOptions:
    """What was put into the form of a backup; UsageError for what can't be meant."""
    if not destinations:
        raise UsageError("No drive to copy to is named.", hint="Name at least one folder on a drive.")
    if timezone:
        zone(timezone)
    if "" in (excludes or ()):
        raise UsageError("One of the patterns to leave out is empty.", hint="Take it away, or say *.LRV")
    return BackupOptions(
        source=full_path(source, "card"),
        destinations=tuple(full_path(destination, "drive") for destination in destinations),
        layout=Layout(layout),
        timezone=timezone or None,
        excludes=tuple(excludes or ()),
        recheck=recheck,
        rerun=session or None,
        volumes=tuple(volumes or ()),
    )


def full_path(given: str, what: str) -> Path:
    """*given* for the *what* of a form; UsageError if it is empty or depends on where the worker runs."""
    example = "A full path begins with a slash: /media/me/EOS_DIGITAL"
    if not given.strip():
        raise UsageError(f"No {what} is named.", hint=example)
    path = Path(given)
    if not path.is_absolute():
        raise UsageError(
            f"The {what} {display(given)} is not a full path, and the worker runs in a folder of its own.",
            hint=example,
        )
    return path
