"""Findings about duplicates in sentences."""

from __future__ import annotations

from cardcat import text
from cardcat.duplicates.findings import FolderFinding
from cardcat.duplicates.why import Why

SHORT = {
    Why.TREE: "whole tree",
    Why.WITHIN: "own tree",
    Why.CARD: "card twice",
    Why.TAKEOUT: "Takeout",
    Why.LIVE: "Live Photo",
    Why.RENAMED: "renamed",
    Why.OTHER: "other",
}
"""What a reason is called where there is little room."""


def told(found: FolderFinding, *, with_reason: bool = True) -> tuple[str, str]:
    """The folder, and what about it; *with_reason* also why, where the sentence does not say so itself."""
    other = found.other_place.shown(found.other_path)
    size = f"{text.many(found.files, 'file')}, {text.size(found.bytes)}"
    sentence = {
        "equal": f"is a whole copy of {other}: {size}",
        "contained": f"is as a whole in {other} too: {size}",
        "within": f"is inside {other}, which has all of it a second time: {size}",
        "shared": f"has in common with {other}: {size}",
    }[found.kind]
    if with_reason and found.why not in (Why.TREE, Why.WITHIN):
        sentence += f" ({found.why.value})"
    if found.others:
        few = text.many(
            found.others, "file that is no photo or film is", "files that are no photos or films are"
        )
        sentence += f"; {few} only here"
    return found.place.shown(found.path), sentence
