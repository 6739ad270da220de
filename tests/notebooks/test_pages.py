"""A notebook as a page: served to this computer only, drawn by a real browser, ended cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cardcat.cli.main import main
from cardcat.notebooks.finding import FOLDER
from tests.notebooks.browser import CHARTS, Browser
from tests.notebooks.conftest import Gallery
from tests.notebooks.serving import address_of, served

CHARTS_OF = {"duplicates": 6, "library": 12, "sessions": 5}
WIDTHS = "[...document.querySelectorAll('figure img')].map(image => image.naturalWidth)"
HEADINGS = {"duplicates": "The largest groups", "library": "How safe it is", "sessions": "How fast"}


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in told]


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("name", CHARTS_OF)
def test_the_page_has_its_text_and_charts_and_asks_nobody_else(
    name: str, address: Callable[[str], str], page: Browser
) -> None:
    page.open(address(name))
    page.wait_for(f"({CHARTS.strip()}) === {CHARTS_OF[name]}")

    assert HEADINGS[name] in page.text()
    assert {urlsplit(request).hostname for request in page.requests if "://" in request} == {"127.0.0.1"}
    assert page.errors == []
    if name == "duplicates":  # the copies of the largest group
        page.wait_for(f"{WIDTHS}.length === 3 && Math.min(...{WIDTHS}) === 160")


def test_without_a_catalog_the_page_is_friendly(tmp_path: Path, page: Browser) -> None:
    with served("library", catalog=tmp_path / "catalog.db") as process:
        page.open(address_of(process))
        page.wait_for("document.querySelector('.cc-notice') !== null")
        page.wait_for_run()  # what would come after it

        assert "There is no catalog at" in page.text()
        assert "Traceback" not in page.text()
        assert "ancestor" not in page.text()


def test_only_who_has_the_address_sees_the_page(address: Callable[[str], str]) -> None:
    secret = urlsplit(address("sessions"))
    assert shown(secret.geturl()) == "/"
    assert shown(f"http://{secret.netloc}/").startswith("/auth/login")
    assert listening_on(secret.port or 0) == {"0100007F"}  # 127.0.0.1


def shown(address: str) -> str:
    """The path of the page that a new visitor ends at."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
    )
    with opener.open(address) as answer:
        return str(urlsplit(answer.url).path)


def listening_on(port: int) -> set[str]:
    """The addresses, as the kernel writes them."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    lines += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    return {
        host
        for host, number in (line[1].split(":") for line in lines if line[3] == "0A")
        if int(number, 16) == port
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_leaves_nothing(number: signal.Signals, gallery: Gallery, tmp_path: Path) -> None:
    before = sorted(FOLDER.iterdir())
    with served("sessions", catalog=gallery.catalog, folder=tmp_path) as process:
        address_of(process)
        (child,) = children(process.pid)
        process.send_signal(number)

        assert process.wait(60) == 0
        assert is_gone(child)
    assert list(tmp_path.iterdir()) == []
    assert sorted(FOLDER.iterdir()) == before


def test_a_killed_cardcat_leaves_no_page(gallery: Gallery) -> None:
    with served("sessions", catalog=gallery.catalog) as process:
        address_of(process)
        (child,) = children(process.pid)
        process.kill()
        process.wait()

        end = time.monotonic() + 60
        while not is_gone(child) and time.monotonic() < end:
            time.sleep(0.1)
        assert is_gone(child)


def test_a_port_that_is_taken_is_told(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        code = main(["notebook", "library", "--port", str(port), "--catalog", str(gallery.catalog)])

    assert code == 2
    assert f"Port {port} is taken by another program." in capsys.readouterr().err


def test_the_copy_is_edited_and_not_what_is_installed(gallery: Gallery, tmp_path: Path) -> None:
    installed = (FOLDER / "library.py").read_bytes()
    with served("library", "--edit", catalog=gallery.catalog, folder=tmp_path) as process:
        address_of(process)
        command = Path(f"/proc/{children(process.pid)[0]}/cmdline").read_bytes().split(b"\0")

    assert str(tmp_path / "library.py").encode() in command
    assert (tmp_path / "library.py").read_bytes() == installed == (FOLDER / "library.py").read_bytes()


def test_a_copy_that_is_there_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library.py").write_text("mine")
    monkeypatch.chdir(tmp_path)

    code = main(["notebook", "library", "--edit", "--no-browser"])

    told = capsys.readouterr().err
    assert code == 2
    assert "nothing is overwritten" in told
    assert "cardcat notebook ./library.py --edit" in told
    assert (tmp_path / "library.py").read_text() == "mine"


def test_a_notebook_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: str) -> list[str]:
        return [sys.executable, "-c", "import sys; sys.exit('it broke')"]

    monkeypatch.setattr("cardcat.notebooks.serving.command", broken)

    code = main(["notebook", "library", "--no-browser", "--catalog", str(tmp_path / "catalog.db")])

    assert code == 1
    assert "Marimo, which runs the notebook, ended: it broke." in capsys.readouterr().err


def test_notebooks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebook"]) == 0
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.splitlines()[1:4]] == list(CHARTS_OF)
    assert max(map(len, told.splitlines())) <= 80

    assert main(["notebook", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)["notebooks"]] == list(CHARTS_OF)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no-such"], "There is no notebook no-such."),
        (["\x1b[31m"], "There is no notebook \\x1b[31m."),
        (["--edit"], "Which notebook is not said."),
        (["library", "--edit", "--html", "x.html"], "Only one of --edit, --html and --ipynb"),
        (["library", "--port", "99999999"], "--port needs a whole number"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebook", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cardcat.cli.main import main; main(['notebook']);"
        "print(sorted({'prefect', 'polars', 'duckdb', 'marimo', 'altair', 'pyarrow'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )

    assert told.stdout.splitlines()[-1] == "[]"
