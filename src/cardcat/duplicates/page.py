"""The printable reports on duplicates, bit by bit. Pure text."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence

from cardcat import text
from cardcat.duplicates.findings import FolderFinding
from cardcat.duplicates.listing import Listing
from cardcat.duplicates.looking import Duplicate, DuplicateCopy
from cardcat.duplicates.why import Why
from cardcat.duplicates.words import told
from cardcat.model import Kind
from cardcat.printed.frame import foot, head
from cardcat.printed.html import Head, Html, bullets, element, joined, shown, table

_SHORT = 12  # digits of a hash
_NOTHING_DONE = "Nothing was changed. Which copy may go is for you to say: cardcat duplicates plan."

Pictured = Iterable[tuple[DuplicateCopy, bytes | None]]
"""Copies, each with its small picture; None where none could be made."""


def duplicate_page(found: Duplicate, pictures: Pictured, moment: str) -> Iterator[Html]:
    """The report on one duplicate."""
    content = found.content
    name = found.copies[0].known.name if found.copies else content.hash[:_SHORT]
    yield head(f"Duplicate: {name}")
    yield element("h1", f"{content.kind.value.capitalize()} {name}, {text.size(content.size)}")
    number = text.many(len(found.library), "copy in libraries", "copies in libraries")
    yield element("p", number, class_="verdict")
    yield from _reason(found)
    yield element("p", element("code", content.hash, class_="hash"))
    yield from _sheet(found, pictures)
    yield foot(moment, _NOTHING_DONE)


def list_page(
    listing: Listing,
    findings: Sequence[FolderFinding],
    groups: Iterable[tuple[Duplicate, Pictured]],
    untold: Sequence[str],
    moment: str,
) -> Iterator[Html]:
    """The report on *listing*: *findings* about folders, then the largest *groups*; *untold* is left out."""
    yield head("Duplicates")
    yield element("h1", f"Duplicates in your libraries, {moment}")
    yield element("p", f"{text.size(listing.whole.wasted)} more than needed", class_="verdict")
    copies = text.many(listing.whole.copies, "copy", "copies")
    yield element("p", f"{text.many(listing.whole.groups, 'file')} in {copies}.")
    yield from _reasons(listing.by_why)
    yield from _folders(findings)
    if untold:
        yield bullets(untold, class_="soft")
    yield element("h2", "The largest, each with its copies")
    for found, pictures in groups:
        name = found.copies[0].known.name if found.copies else found.content.hash[:_SHORT]
        wasted = f"{text.size(found.wasted)} more than needed"
        yield Html(f'<section class="folder">{element("h3", f"{name}: {wasted}")}\n')
        yield from _reason(found)
        yield from _sheet(found, pictures)
        yield Html("</section>\n")
    yield foot(moment, _NOTHING_DONE)


def _reason(found: Duplicate) -> Iterator[Html]:
    if found.why is None:
        yield element("p", "No library holds it more than once.")
        return
    because = f": {found.because}" if found.because else ""
    yield element("p", f"Why: {found.why.value}{because}.")
    if found.keep_reason:
        yield element("p", f"Suggested to keep: the first, because {found.keep_reason}.")


def _reasons(by_why: Sequence[tuple[Why, int, int]]) -> Iterator[Html]:
    heads = (Head("Why"), Head("Files", "number"), Head("More than needed", "number"))
    rows = [(why.value, text.count(count), text.size(wasted)) for why, count, wasted in by_why]
    yield from table("Each file once, by the reason that explains it", heads, rows)


def _folders(findings: Sequence[FolderFinding]) -> Iterator[Html]:
    if not findings:
        return
    yield element("h2", "Folders that are there twice")
    heads = (Head("Folder"), Head("What was found"), Head("Why"), Head("Size", "number"))
    rows = [(*told(one), one.why.value, text.size(one.bytes)) for one in findings]
    yield from table("The largest first", heads, rows)


def _sheet(found: Duplicate, pictures: Pictured) -> Iterator[Html]:
    yield Html('<div class="sheet">\n')
    for copy, picture in pictures:
        yield _figure(found, copy, picture)
    yield Html("</div>\n")


def _figure(found: Duplicate, copy: DuplicateCopy, picture: bytes | None) -> Html:
    known = copy.known
    facts = [
        "suggested to keep" if copy.is_keeper else "",
        f"on {known.volume_name} ({copy.now})",
        copy.place,
        f"{known.role.value}, {known.evidence.value}",
        f"file of {text.moment(known.mtime_ns // 1_000_000_000)}",
        "" if known.verified_at is None else f"checked {text.moment(known.verified_at)}",
    ]
    lines = joined([shown(fact) for fact in facts if fact], Html("<br>"))
    caption = element("figcaption", joined([element("strong", known.name), lines]))
    drawn = _drawn(found, copy) if picture is None else _image(copy, picture)
    return element("figure", Html(f'<div class="picture">{drawn}</div>{caption}'))


def _image(copy: DuplicateCopy, picture: bytes) -> Html:
    data = base64.b64encode(picture).decode("ascii")
    alt = shown(f"Small picture of {copy.known.name}")
    return Html(f'<img src="data:image/jpeg;base64,{data}" alt="{alt}" loading="lazy" decoding="async">')


def _drawn(found: Duplicate, copy: DuplicateCopy) -> Html:
    """What stands in for a picture: why there is none."""
    film = "film" if found.content.kind is Kind.VIDEO else "no picture"
    label = film if copy.path is not None else copy.now
    return Html(
        f'<svg viewBox="0 0 160 107" role="img" aria-label="{shown(label)}">'
        f'<rect x="2" y="2" width="156" height="103"/>'
        f'<text class="small" x="80" y="58">{shown(label)}</text></svg>'
    )
