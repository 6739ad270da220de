"""A page that marimo exported, made into one file: what it would fetch from elsewhere is put in."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cardcat.errors import CardcatError

_ENTRY = re.compile(r'<script type="module"[^>]*\bsrc="[^"]*/assets/([^"/]+\.js)"[^>]*></script>')
_STYLE_LINK = re.compile(r'<link rel="stylesheet"[^>]*\bhref="[^"]*/assets/([^"/]+\.css)"[^>]*>')
_FONT_LINK = re.compile(r'<link rel="preload"[^>]*\bhref="[^"]*/assets/([^"/]+\.woff2)"[^>]*>')
_LINK = re.compile(r"<link\b[^>]*>")

_NAME = re.compile(r"""(["'`])\./([\w.-]+\.js)\1""")
_AT_ONCE = re.compile(r"""(?:\bfrom|\bimport)\s*["']\./([\w.-]+\.js)["']""")
_LATER = re.compile(r"""\bimport\(\s*["'`]\./([\w.-]+\.js)["'`]\s*\)""")
_PRELOADED = re.compile(r"__vite__mapDeps\(\[[\d,]*\]\)")
_STYLE_NAME = re.compile(r"""["'`]\./([\w.-]+\.css)["'`]""")
_ADDRESS = re.compile(r"""url\(\s*["']?(?:\./)?([^"')]+)["']?\s*\)""")

_SHOWN = ("run-page-", "vega-", "web-vitals-")
"""What is loaded when it is needed, and is needed to show a page with charts: names begin like this."""

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; connect-src data: blob:; base-uri 'none'; form-action 'none'"
)
"""The browser itself forbids whatever is not in the file."""

_START = """
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("modules").textContent), c => c.charCodeAt(0));
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const imports = {};
  for (const [name, source] of Object.entries(await new Response(plain).json())) {
    imports["in/" + name] = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
  }
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({imports});
  document.head.append(map);
  await import("in/ENTRY");
})();
"""


def single_page(page: str, assets: Path) -> str:
    """
    *page*, with all that it needs from *assets*, the folder that marimo serves to browsers.

    CardcatError if that folder is not as it should be.
    """
    entry = _ENTRY.search(page)
    if entry is None:
        raise _unknown("its page begins in another way")
    fonts = set(_FONT_LINK.findall(page))
    linked = _STYLE_LINK.findall(page)
    try:
        modules = _modules(assets, entry[1])
        later = (name for source in modules.values() for name in _STYLE_NAME.findall(source))
        styles = [_style(assets, name, fonts) for name in dict.fromkeys([*linked, *later])]
    except OSError as error:
        raise _unknown(f"{error.filename} is missing") from error
    plain = _LINK.sub("", _ENTRY.sub("", page))
    before, head, after = plain.partition("<head>")
    body, end, rest = after.rpartition("</body>")
    return "".join([before, head, *_head(styles), body, *_scripts(modules, entry[1]), end, rest])


def _head(styles: Iterable[str]) -> Iterator[str]:
    yield f'\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    told = "\n".join(styles)
    yield f'<style title="marimo">{told}</style>\n'  # the one that is so called reaches into its components


def _scripts(modules: Mapping[str, str], entry: str) -> Iterator[str]:
    told = {name: _inside(source, modules) for name, source in modules.items()}
    packed = gzip.compress(json.dumps(told).encode("ascii"), mtime=0)
    yield f'<script type="text/plain" id="modules">{base64.b64encode(packed).decode("ascii")}</script>\n'
    yield f"<script>{_START.replace('ENTRY', entry)}</script>\n"


def _modules(assets: Path, entry: str) -> dict[str, str]:
    """The sources of all modules that showing a page takes, by name."""
    found: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in found:
            source = found[name] = (assets / name).read_text(encoding="utf-8")
            waiting += _AT_ONCE.findall(source)
            waiting += [later for later in _LATER.findall(source) if later.startswith(_SHOWN)]
    return found


def _inside(source: str, modules: Mapping[str, str]) -> str:
    """A module that imports by the names in the file, and looks for nothing beside it."""
    source = _PRELOADED.sub("[]", source)
    source = source.replace("import.meta.resolve", "undefined").replace("import.meta.url", "document.baseURI")
    return _NAME.sub(
        lambda told: f"{told[1]}in/{told[2]}{told[1]}" if told[2] in modules else told[0], source
    )


def _style(assets: Path, name: str, fonts: set[str]) -> str:
    """A style sheet with its main fonts in it. Others are for what the notebooks don't show."""

    def address(told: re.Match[str]) -> str:
        if told[1].startswith(("data:", "#")):
            return told[0]
        if told[1] in fonts:
            data = base64.b64encode((assets / told[1]).read_bytes()).decode("ascii")
            return f"url(data:font/woff2;base64,{data})"
        return "url(data:,)"

    return _ADDRESS.sub(address, (assets / name).read_text(encoding="utf-8")).replace("</style", "<\\/style")


def _unknown(why: str) -> CardcatError:
    return CardcatError(
        f"The page can't be made into one file: this marimo is not as it should be, {why}.",
        hint="Install the marimo that cardcat was tested with, or open it: cardcat notebook NAME",
    )
