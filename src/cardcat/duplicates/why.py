"""The reasons why something is there twice, by name."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """A reason; docs/duplicates.md defines each with an example. The first that holds is given."""

    TREE = "whole tree copied"
    WITHIN = "copied inside its own folder tree"
    CARD = "same card imported twice"
    TAKEOUT = "Takeout export"
    LIVE = "Live Photo"
    RENAMED = "renamed copy"
    OTHER = "other"

    @property
    def word(self) -> str:
        """What to call it where it is typed."""
        return self.name.lower()
