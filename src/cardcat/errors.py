"""What a user may be told. Anything else that is raised is a bug and shows a traceback.

CardcatError             1   done, but something needs attention; or it could not be done
├── UsageError           2   wrong usage or configuration
├── SourceError          3   the source is unusable or gone
├── DestinationError    10   a destination is missing, full or read-only
│   └── DestinationBusyError the same, but it may pass
├── CatalogError        20   the catalog is locked, newer than this program, or damaged
│   └── CatalogBusyError     the same, but it may pass
└── CancelledError     130   cancelled by Ctrl-C, SIGTERM or the page

Trouble with one file of a source is none of these: it is a `Finding`, and the run goes on.
"""

from __future__ import annotations

from typing import ClassVar


class CardcatError(Exception):
    """
    A sentence for the user: cause, what was being done, to which file.

    *hint* is the next command to type, or what to do before typing it.
    """

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = (
        "done, but something needs attention: files failed, the verdict is no, or copies are damaged"
    )

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip from a worker process, hint included."""
        return _rebuild, (type(self), self.message, self.hint)


def _rebuild(kind: type[CardcatError], message: str, hint: str) -> CardcatError:
    return kind(message, hint=hint)


class UsageError(CardcatError):
    """What was asked for makes no sense as it stands."""

    exit_code = 2
    meaning = "wrong usage or configuration"


class SourceError(CardcatError):
    """The source can't be backed up: not there, not a folder, empty, or gone in the middle."""

    exit_code = 3
    meaning = "the source is unusable or gone"


class DestinationError(CardcatError):
    """One destination can't take the backup: missing, full, read-only, or in use."""

    exit_code = 10
    meaning = "a destination is missing, full or read-only (also when another one was completed)"


class DestinationBusyError(DestinationError):
    """Another run works on the destination; later it may be free."""


class CatalogError(CardcatError):
    """The catalog can't be used: locked, newer than this program, damaged, or no catalog at all."""

    exit_code = 20
    meaning = "the catalog is locked, newer than this program, or damaged"


class CatalogBusyError(CatalogError):
    """Somebody else is writing to the catalog; later it may be free."""


class CancelledError(CardcatError):
    """The user ended the run. What was done is recorded, the rest is pending."""

    exit_code = 130
    meaning = "cancelled"


ERRORS: tuple[type[CardcatError], ...] = (
    CardcatError,
    UsageError,
    SourceError,
    DestinationError,
    CatalogError,
    CancelledError,
)
