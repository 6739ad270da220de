"""Other people's tools find the same groups. Those that are not installed are skipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks import equal_files
from benchmarks.duplicate_search import CARDCAT, PEERS, Groups, Place, measured, run
from cardcat.searching.search import Search, find_duplicates


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 small files, photos and clips with copies and with brothers that are almost equal."""
    root = tmp_path_factory.mktemp("tree")
    equal_files.small_files(root / "small", 3_000, 40)
    equal_files.media_files(root / "media", 300, 40_000_000)
    return root


@pytest.fixture(scope="module")
def ours(tree: Path) -> Groups:
    found = find_duplicates(Search((str(tree),)))
    assert not found.unread
    return frozenset(frozenset(copy.paths[0] for copy in group.copies) for group in found.groups)


@pytest.mark.parametrize("name", PEERS)
def test_the_same_groups_as(name: str, tree: Path, ours: Groups, tmp_path: Path) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    *_, theirs = run(PEERS[name], tree, tmp_path)
    assert len(ours) > 90
    assert theirs == ours


def test_the_benchmark_measures_and_compares(tree: Path, ours: Groups, tmp_path: Path) -> None:
    *_, found = run(CARDCAT, tree, tmp_path)
    assert found == ours
    taken = measured([CARDCAT], Place(tree / "small"), tmp_path, 1)[CARDCAT.name]
    assert len(taken.seconds) == 1
    assert taken.memory > 0
