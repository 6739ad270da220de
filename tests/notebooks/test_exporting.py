"""A notebook as a file: a page that needs nothing beside it, and one that Jupyter opens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardcat.cli.main import main
from cardcat.errors import CardcatError
from cardcat.notebooks.exporting import jupyter
from cardcat.notebooks.finding import FOLDER
from cardcat.notebooks.marimo import assets
from cardcat.notebooks.single import single_page
from tests.notebooks.browser import CHARTS, Browser
from tests.notebooks.conftest import Gallery

NAMES = ("duplicates", "library", "sessions")
CHARTS_OF = {"duplicates": 6, "library": 12, "sessions": 5}


Exported = Callable[[str, str], Path]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_in_a_file_is_drawn_without_anything_else(
    name: str, exported: Exported, page: Browser
) -> None:
    place = exported(name, "html")

    page.open(place.as_uri())
    page.wait_for(f"({CHARTS.strip()}) === {CHARTS_OF[name]}")

    widths = page.value("[...document.querySelectorAll('h1, h2')].map(e => e.clientWidth)")
    assert min(widths) > 100
    assert {address.split(":")[0] for address in page.requests} <= {"file", "blob", "data"}
    assert [address for address in page.requests if address.startswith("file")] == [place.as_uri()]
    assert page.errors == []
    assert f"cardcat notebook {name}" in page.text()  # where to go to choose
    if name == "duplicates":
        page.wait_for("document.querySelectorAll('figure img').length === 9")
        assert "310.0 KB" in page.text()
        assert "<b>first (1).JPG" in page.text()


def test_a_page_in_a_file_forbids_to_fetch_anything(exported: Exported) -> None:
    page = exported("sessions", "html").read_text(encoding="utf-8")

    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "http" not in policy[1]
    assert not re.search(r'<(?:link|script|img)[^>]*(?:href|src)="(?!data:)', page)


@pytest.mark.parametrize("kind", ["html", "ipynb"])
def test_nothing_is_overwritten(
    kind: str, gallery: Gallery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "there"
    place.write_text("mine")

    code = main(["notebook", "sessions", f"--{kind}", str(place), "--catalog", str(gallery.catalog)])

    assert code == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert place.read_text() == "mine"


def test_a_place_in_no_folder_is_told(
    gallery: Gallery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["notebook", "sessions", "--html", str(tmp_path / "no" / "x.html")])

    assert code == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_jupyter_gets_every_cell_and_they_run(
    name: str, exported: Exported, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = exported(name, "ipynb")
    document = json.loads(place.read_text(encoding="utf-8"))
    check_form(document)

    monkeypatch.setenv("CARDCAT_CATALOG", str(gallery.catalog))
    monkeypatch.setattr("sys.argv", ["ipykernel_launcher.py", "-f", "/tmp/kernel.json"])
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in document["cells"]:
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert names["total"]

    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    cells = len(re.findall(r"^@app\.(?:cell|function)|^with app\.setup", source, re.MULTILINE))
    assert len(document["cells"]) == cells + 1  # what stands above them


def check_form(document: dict[str, Any]) -> None:
    """What nbformat 4.5 asks of a notebook."""
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert set(document) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in document["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in document["cells"]:
        assert set(cell) == {"cell_type", "id", "execution_count", "metadata", "outputs", "source"}
        assert cell["cell_type"] == "code"
        assert re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell["id"])
        assert all(isinstance(line, str) for line in cell["source"])


def test_a_cell_with_a_line_like_a_mark_inside_stays_whole() -> None:
    found = json.loads(jupyter('"""Doc."""\n\n# %%\nx = 1\n\n# %%\ny = "a"\nz = """\n  # %%\n"""\n'))

    assert ["".join(cell["source"]) for cell in found["cells"]] == [
        '"""Doc."""',
        "x = 1",
        'y = "a"\nz = """\n  # %%\n"""',
    ]


def test_another_marimo_is_told() -> None:
    with pytest.raises(CardcatError, match="its page begins in another way"):
        single_page("<html><head></head><body></body></html>", assets())
    with pytest.raises(CardcatError, match="is missing"):
        single_page('<head><script type="module" src="./assets/gone-1.js"></script></head>', assets())
