"""How the notebooks look: the colours of the printed reports, for charts and for what stands between them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cardcat.printed.html import Html, element, joined

GREEN, RED, AMBER, GREY = "#2f7d4f", "#b3402f", "#c58b2a", "#9aa09a"
COLOURS = (GREEN, AMBER, "#3d6f99", RED, "#7a5b8c", "#5fa3a0", "#8a6a4a", GREY)
"""Of series that have no colour of their own; seen alike by most who are colour-blind, on light and dark."""

STATUS = {"completed": GREEN, "running": "#3d6f99", "cancelled": AMBER, "failed": RED}

KEPT = "CARDCAT_KEPT_PAGE"
"""Set in the environment of a notebook that is exported."""

_FONT = 'system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif'

CHART: Any = {
    "config": {
        "background": "transparent",
        "font": _FONT,
        "view": {"stroke": "transparent"},
        "range": {"category": list(COLOURS), "ordinal": list(COLOURS)},
        "mark": {"color": GREEN},
        "bar": {"color": GREEN, "cornerRadiusEnd": 2},
        "axis": {
            "domain": False,
            "ticks": False,
            "gridColor": "#8884",
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "labelPadding": 6,
            "labelLimit": 210,
        },
        "axisBand": {"grid": False},
        "title": {"anchor": "start", "fontSize": 13, "fontWeight": 600, "offset": 10},
        "legend": {"title": None, "orient": "top", "labelFontSize": 11, "symbolType": "square"},
    }
}
"""The theme of every chart."""

ACTIONS: dict[str, bool] = {"export": True, "source": False, "compiled": False, "editor": False}
"""What the menu of a chart offers: to save it. The editor would be somebody else's page."""

STYLE = """<style>
.cc-notice { max-width: 44rem; margin: 3rem auto; padding: 2rem 2.4rem; border-radius: 8px;
  border: 1px solid var(--border, #c9c9c9); }
.cc-notice h2 { margin: 0 0 .8rem; font-size: 1.4rem; font-weight: 650; }
.cc-notice p { margin: .5rem 0; overflow-wrap: anywhere; }
.cc-notice code, .cc-soft code { font: .92em ui-monospace, "Liberation Mono", Menlo, Consolas, monospace;
  padding: .15rem .45rem; border-radius: 4px; background: #8882; }
.cc-notice li { margin: .4rem 0; }
.cc-soft { opacity: .75; font-size: .92em; margin: .2rem 0; }
.cc-heading { font-weight: 600; margin: .6rem 0 .2rem; overflow-wrap: anywhere; }
.cc-table { border-collapse: collapse; width: 100%; font-size: .9em; }
.cc-table th, .cc-table td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
  border-bottom: 1px solid var(--border, #c9c9c9); overflow-wrap: anywhere; }
.cc-table th { font-weight: 600; }
.cc-table .cc-number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums;
  padding-right: 1.6rem; }
.cc-sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; }
.cc-sheet figure { margin: 0; padding: .7rem; border: 1px solid var(--border, #c9c9c9); border-radius: 6px;
  font-size: .85em; line-height: 1.4; }
.cc-sheet figure.cc-kept { border: 2px solid #2f7d4f; }
.cc-picture { display: flex; align-items: center; justify-content: center; height: 165px;
  margin-bottom: .6rem; background: #8881; border-radius: 4px; text-align: center; padding: 0 .8rem; }
.cc-picture img { display: block; max-width: 100%; max-height: 160px; margin: 0; }
.cc-sheet strong { display: block; overflow-wrap: anywhere; }
.cc-sheet span { display: block; opacity: .75; overflow-wrap: anywhere; }
.cc-sheet .cc-badge { display: inline-block; opacity: 1; color: #fff; background: #2f7d4f; border-radius: 3px;
  padding: 0 .45rem; margin-bottom: .2rem; }
</style>"""
"""Goes once into a page; also where marimo shows it dark."""


def is_kept() -> bool:
    """Whether the page is being exported, to be looked at without anything running behind it."""
    return bool(os.environ.get(KEPT))


def frame(rows: Sequence[Mapping[str, object]], formats: Mapping[str, Callable[[int], str]]) -> str:
    """The rows of a frame as a plain table; *formats* say of some columns how their numbers are written."""
    heads = list(rows[0]) if rows else []
    kinds = ["cc-number" if isinstance(rows[0][head], int) else "" for head in heads]
    top = joined(element("th", head, class_=kind) for head, kind in zip(heads, kinds, strict=True))
    body = joined(
        element(
            "tr",
            joined(
                _cell(row[head], kind, formats.get(head)) for head, kind in zip(heads, kinds, strict=True)
            ),
        )
        for row in rows
    )
    inside = [element("thead", element("tr", top)), element("tbody", body)]
    return str(element("table", joined(inside), class_="cc-table"))


def _cell(value: object, kind: str, form: Callable[[int], str] | None) -> Html:
    if form is not None and isinstance(value, int):
        return element("td", form(value), class_=kind)
    return element("td", "" if value is None else str(value), class_=kind)


def notice(title: str, told: Iterable[str], commands: Sequence[str] = ()) -> str:
    """A page that has nothing but a few sentences, and commands to type."""
    listed = joined(element("li", element("code", command)) for command in commands)
    inside = [element("h2", title), *(element("p", each) for each in told if each)]
    if commands:
        inside.append(element("ul", listed))
    return STYLE + str(element("div", joined(inside), class_="cc-notice"))


def heading(told: str) -> str:
    """A small heading."""
    return str(element("h4", told, class_="cc-heading"))


def soft(told: str) -> str:
    """A sentence that explains what is beside it."""
    return str(element("p", told, class_="cc-soft"))
