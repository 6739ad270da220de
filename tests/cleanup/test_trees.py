"""Any tree: a plan applied leaves each content on its drive, and undone leaves the tree as it was."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action
from tests.catalog.shelf import Shelf
from tests.cleanup.shelves import Library, contents, tree

FOLDERS = ("", "2024", "Downloads/x", "old/a\nb", "back\udcffup")
NAMES = ("IMG_1.JPG", "IMG_1.CR3", "IMG_1.xmp", "IMG_1 (1).JPG", "a.mp4", "é☃.jpg", "\udcfe.jpg")

files = st.dictionaries(
    st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)).map(
        lambda pair: "/".join(filter(None, pair))
    ),
    st.integers(0, 3).map(lambda number: b"%d" % number * (number * 50)),
    max_size=14,
)

# The first and the last to go from one folder belong together, and come back together, before the second.
BUNDLE_AROUND_ANOTHER = {
    "IMG_1.JPG": b"",
    "IMG_1.CR3": b"1" * 50,
    "Downloads/x/IMG_1.JPG": b"",
    "Downloads/x/IMG_1.CR3": b"1" * 50,
    "Downloads/x/IMG_1 (1).JPG": b"1" * 50,
}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files, st.sampled_from([Action.QUARANTINE, Action.HARDLINK]))
@example(BUNDLE_AROUND_ANOTHER, Action.QUARANTINE)
def test_applied_and_undone_it_is_as_it_was(found: dict[str, bytes], action: Action) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        library = Library(Shelf(Path(folder), patch))
        root = library.put(found)
        before, rows, held = tree(root), library.rows(), contents(root)
        plan = library.plan(Wish(action=action))

        done = library.apply(plan)

        assert (len(done.done), done.left, done.failed) == (plan.goers, [], [])
        away = {str(path.relative_to(root)) for path in root.glob(".cardcat-quarantine/**/*")}
        visible = [data for path, (_, _, _, data) in tree(root).items() if path not in away]
        assert set(held) <= set(visible)
        if action is Action.QUARANTINE:  # links may be told apart by other rules: they have other times now
            assert not library.choose().plan.blocks
        assert not library.apply(plan).done
        library.undo()
        assert tree(root) == before
        assert library.rows() == rows


@pytest.mark.parametrize("action", [Action.QUARANTINE, Action.HARDLINK])
@pytest.mark.parametrize("days", [-400, 400])
def test_a_folder_gets_its_time_back_however_far_off_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Action, days: int
) -> None:
    library = Library(Shelf(tmp_path, monkeypatch))
    root = library.put(BUNDLE_AROUND_ANOTHER)
    far = time.time() + days * 24 * 3600
    os.utime(root / "Downloads/x", (far, far))
    before = tree(root)
    library.apply(library.plan(Wish(action=action)))
    library.undo()
    assert tree(root) == before
