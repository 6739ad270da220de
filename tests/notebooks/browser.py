"""A real Chromium without a window, spoken to by its own protocol: what a page shows, and whom it asks."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATIENCE = 120.0  # seconds; a busy machine takes its time


class Browser:
    """
    One tab. *requests* are all addresses that its pages asked for since the last `clear`.

    *runs* says how often a notebook has told it that all of its cells are run.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._number = 0
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.runs = 0
        for domain in ("Page", "Network", "Runtime"):
            self._do(f"{domain}.enable")

    def open(self, address: str) -> None:
        self._do("Page.navigate", url=address)

    def clear(self) -> None:
        """Leave the page that is open, and forget what it did."""
        self.open("about:blank")
        self.wait_for("location.href === 'about:blank' && document.readyState === 'complete'")
        self.requests.clear()
        self.errors.clear()
        self.runs = 0

    def wait_for_run(self) -> None:
        """Wait until all cells of a notebook are run, and what came of it is drawn."""
        self.wait_for(_TWO_FRAMES, lambda: self.runs > 0)

    def value(self, script: str) -> Any:
        """What the script gives in the page."""
        told = self._do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return told["result"].get("value")

    def wait_for(self, script: str, is_time: Callable[[], bool] = lambda: True) -> Any:
        """What the script gives as soon as that is something, begun when it *is_time*."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            self.value("0")  # notes what has come
            if is_time() and (found := self.value(script)):
                return found
            time.sleep(0.1)
        raise AssertionError(f"never true: {script}; the page says: {self.text()!r}; errors: {self.errors}")

    def text(self) -> str:
        """All text that is seen, also inside of components."""
        return str(self.value(_TEXT))

    def _do(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._connection.recv(timeout=_PATIENCE))
            if told.get("id") == self._number:
                return dict(told.get("result", {}))
            self._note(told)

    def _note(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Network.requestWillBeSent":
            self.requests.append(told["params"]["request"]["url"])
        if told.get("method") == "Network.webSocketCreated":
            self.requests.append(told["params"]["url"])
        if told.get("method") == "Network.webSocketFrameReceived":
            self.runs += '"completed-run"' in told["params"]["response"]["payloadData"]
        if told.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["params"]["exceptionDetails"])[:2000])


_TEXT = """
(() => {
  const parts = [];
  const visit = node => {
    if (node.nodeType === 3) { parts.push(node.data); return; }
    if (node.nodeType === 1 && ['STYLE', 'SCRIPT'].includes(node.tagName)) return;
    if (node.shadowRoot) node.shadowRoot.childNodes.forEach(visit);
    node.childNodes.forEach(visit);
  };
  visit(document.body);
  return parts.join(' ').replace(/\\s+/g, ' ');
})()
"""

_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"

CHARTS = """
(() => {
  let count = 0;
  const visit = node => {
    if (node.matches && node.matches('canvas.marks, svg.marks')) count += 1;
    if (node.shadowRoot) node.shadowRoot.querySelectorAll('*').forEach(visit);
  };
  document.querySelectorAll('*').forEach(visit);
  return count;
})()
"""
"""How many charts are drawn in the page."""


def chromium() -> str:
    """The program; a skip where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium here to look at the page with")
    return found


@contextmanager
def browser(folder: Path, *options: str) -> Iterator[Browser]:
    """A new Chromium with a profile of its own in *folder*."""
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        f"--user-data-dir={folder}", *options, "about:blank",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with connect(_tab(folder), max_size=None, proxy=None) as connection:
                yield Browser(connection)
        finally:
            process.kill()


def _tab(folder: Path) -> str:
    """The address of the tab's protocol."""
    port_file = folder / "DevToolsActivePort"
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if port_file.exists() and len(lines := port_file.read_text().split()) == 2:
            return _page_of(lines[0])
        time.sleep(0.1)
    raise AssertionError("Chromium did not start")


def _page_of(port: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=_PATIENCE) as answer:
        tabs = json.load(answer)
    return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")
