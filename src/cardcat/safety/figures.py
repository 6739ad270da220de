"""The contact sheet of the printable report: each picture and film with its facts, then all other files."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from cardcat import text
from cardcat.model import Kind
from cardcat.printed.html import Head, Html, element, joined, shown, table
from cardcat.safety.sheet import Listed

_SHORT = 12  # digits of a hash
_HEADS = (
    Head("File"),
    Head("Size", "number"),
    Head("Taken", "moment"),
    Head("SHA-256 begins"),
    Head("Proved on"),
)


def contact_sheet(pictures: Iterable[tuple[Listed, bytes | None]]) -> Iterator[Html]:
    """The files with their pictures, folder by folder, in the order that they come in."""
    for folder, files in groupby(pictures, key=lambda pair: pair[0].folder):
        yield Html(
            f'<section class="folder">{element("h3", folder or "(top of the card)")}<div class="sheet">\n'
        )
        for file, picture in files:
            yield _figure(file, picture)
        yield Html("</div></section>\n")


def file_table(caption: str, files: Sequence[Listed]) -> Iterator[Html]:
    """The files without pictures."""
    return table(caption, _HEADS, (_row(file) for file in files))


def _figure(file: Listed, picture: bytes | None) -> Html:
    facts = " · ".join(filter(None, (text.size(file.size), _lasting(file))))
    lines = [part for part in (shown(facts), shown(_taken(file)), _hash(file), _where(file)) if part]
    drawn = _drawn(file) if picture is None else _image(file, picture)
    kind = "against" if file.reason else ""
    caption = element("figcaption", joined([element("strong", file.name), joined(lines, Html("<br>"))]))
    return element("figure", Html(f'<div class="picture">{drawn}</div>{caption}'), class_=kind)


def _image(file: Listed, picture: bytes) -> Html:
    data = base64.b64encode(picture).decode("ascii")
    alt = shown(f"Small picture of {file.name}")
    return Html(f'<img src="data:image/jpeg;base64,{data}" alt="{alt}" loading="lazy" decoding="async">')


def _drawn(file: Listed) -> Html:
    """What stands in for a picture: the format, and how long it lasts."""
    lasting = _lasting(file)
    what = "film" if file.facts.kind is Kind.VIDEO else "picture"
    label = shown(", ".join(filter(None, (f"No picture of this {what}", file.format, lasting))))
    below = f'<text class="small" x="80" y="80">{shown(lasting)}</text>' if lasting else ""
    return Html(
        f'<svg viewBox="0 0 160 107" role="img" aria-label="{label}">'
        f'<rect x="2" y="2" width="156" height="103"/>'
        f'<text x="80" y="{56 if lasting else 60}">{shown(file.format)}</text>{below}</svg>'
    )


def _row(file: Listed) -> list[str]:
    return [file.path, text.size(file.size), _taken(file), _hash(file), _where(file)]


def _taken(file: Listed) -> str:
    """When it was taken, by the clock where that was; '' where nothing tells."""
    return (file.facts.taken or "")[:19].replace("T", " ")


def _lasting(file: Listed) -> str:
    return "" if file.facts.seconds is None else text.duration(float(file.facts.seconds))


def _hash(file: Listed) -> Html:
    if file.hash is None:
        return shown("not read")
    return element("code", file.hash[:_SHORT], title=file.hash)


def _where(file: Listed) -> Html:
    on = shown("on " + ", ".join(file.drives)) if file.drives else Html()
    if not file.reason:
        return on
    against = element("span", f"not safe: {file.reason}", class_="no")
    return joined([on, against], Html("<br>")) if on else against
