"""The form of a backup: what the page shows, and what is said of what can't be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cardcat.calling import run_name, run_tags
from cardcat.errors import UsageError
from cardcat.model import BackupOptions, Layout
from tasks.form import order
from tests.drives import drive
from tests.flows.conftest import Page
from tests.support import Desk, fill


def filled_in(**changed: Any) -> BackupOptions:
    """The form with the least that it takes, and what is *changed*."""
    form: dict[str, Any] = {
        "source": "/media/me/EOS",
        "destinations": ["/mnt/a"],
        "layout": "dated",
        "timezone": "",
        "excludes": [],
        "recheck": False,
        "session": 0,
    }
    return order(**form | changed)


def test_what_is_left_empty_means_the_usual() -> None:
    assert filled_in() == BackupOptions(Path("/media/me/EOS"), (Path("/mnt/a"),))
    assert filled_in(timezone=None, excludes=None, session=None) == filled_in()


def test_all_of_it_is_meant() -> None:
    options = filled_in(
        layout="tree",
        timezone="UTC",
        excludes=["*.LRV"],
        recheck=True,
        session=7,
        volumes=["uuid:1", "uuid:2"],
    )

    assert options == BackupOptions(
        Path("/media/me/EOS"),
        (Path("/mnt/a"),),
        Layout.TREE,
        "UTC",
        ("*.LRV",),
        recheck=True,
        rerun=7,
        volumes=("uuid:1", "uuid:2"),
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"source": " "}, "No card is named."),
        ({"source": "DCIM"}, "The card DCIM is not a full path, and the worker runs in a folder of its own."),
        ({"source": "~/card"}, "The card ~/card is not a full path"),
        ({"destinations": []}, "No drive to copy to is named."),
        ({"destinations": ["/mnt/a", ""]}, "No drive is named."),
        ({"destinations": ["photos\n"]}, r"The drive photos\n is not a full path"),
        ({"timezone": "Paris"}, "There is no time zone called 'Paris'."),
        ({"excludes": ["*.LRV", ""]}, "One of the patterns to leave out is empty."),
    ],
)
def test_what_can_not_be_meant_is_a_sentence_with_a_hint(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        filled_in(**changed)

    assert refused.value.message.startswith(said)
    assert refused.value.hint


def test_the_page_knows_the_form(page: Page) -> None:
    schema = page.ask("/deployments/name/backup/backup")["parameter_openapi_schema"]
    fields = sorted(schema["properties"].values(), key=lambda field: int(field["position"]))

    assert [field["title"] for field in fields] == [
        "Card",
        "Drives",
        "Layout",
        "Time zone",
        "Leave out",
        "Read everything again",
        "Catalog",
        "Session to finish",
        "Volumes",
    ]
    assert all(field["description"] for field in fields)
    assert [
        field["type"] for field in fields
    ] == "string array string string array boolean string integer array".split()
    assert schema["required"] == ["source", "destinations"]
    assert schema["properties"]["layout"]["enum"] == ["dated", "tree"]


def test_the_page_refuses_an_empty_form_and_a_run_refuses_a_wrong_one(page: Page, desk: Desk) -> None:
    deployment = page.ask("/deployments/name/backup/backup")

    checked = page.ask(
        "/ui/schemas/validate",
        {
            "schema": deployment["parameter_openapi_schema"],
            "values": {"source": "", "destinations": []},
        },
    )
    made = page.ask(
        f"/deployments/{deployment['id']}/create_flow_run",
        {
            "state": {"type": "SCHEDULED"},
            "parameters": {"source": "card", "destinations": ["/mnt/a"], "catalog": str(desk.catalog)},
        },
    )

    assert {error["property"] for error in checked["errors"]} == {"source", "destinations"}
    assert page.wait_for_end(made["id"]) == "FAILED"
    said = page.ask(f"/flow_runs/{made['id']}")["state"]["message"]
    assert said == "The card card is not a full path, and the worker runs in a folder of its own."
    assert not desk.catalog.exists()


def test_a_run_is_called_after_card_and_drives(tmp_path: Path) -> None:
    """A card by its own name, with what tells it from another one of that name."""
    with (
        drive(tmp_path / "a", label="EOS_DIGITAL") as card,
        drive(tmp_path / "b", label="ARCHIVE") as archive,
    ):
        photos = archive / "photos"
        photos.mkdir()
        name, tags = run_name(str(card), [str(photos)]), run_tags(str(card), [str(photos)])

    called, _, number = name.removesuffix(" to ARCHIVE/photos").partition(" (")
    assert called == "EOS_DIGITAL"
    assert len(number) == len("1234abcd)")
    assert tags == ["card:EOS_DIGITAL", "drive:ARCHIVE"]


def test_a_card_that_is_out_is_called_by_its_folder(tmp_path: Path) -> None:
    """Not by the disk that the folder would be on."""
    with drive(tmp_path, label="SYSTEM") as disk:
        assert run_name(str(disk / "EOS"), ["/mnt/nothing/a"]) == "EOS to a"
        assert run_tags(str(disk / "EOS"), ["/mnt/nothing/a"]) == ["card:EOS", "drive:a"]
    assert run_name("/media/me/EOS", ["/mnt/nothing/a", "/mnt/none/b"]) == "EOS to a, b"
    assert run_tags("/media/me/EOS", ["/mnt/nothing/a"]) == ["card:EOS", "drive:a"]


def test_drives_of_one_name_are_told_apart(desk: Desk) -> None:
    fill(desk.folder, {"one/photos/x": b"", "two/photos/x": b""})
    drives = [str(desk.folder / name / "photos") for name in ("one", "two")]

    assert run_name("/media/me/EOS", drives) == "EOS to one/photos, two/photos"
    assert run_name("/", ["/"]) == "card to card"
