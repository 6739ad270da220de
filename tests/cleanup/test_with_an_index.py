"""Cleaning up what a real index has found, on a real drive."""

from __future__ import annotations

from pathlib import Path

from cardcat.catalog.engine import open_catalog
from cardcat.cleanup.applying import apply
from cardcat.cleanup.planning import choose
from cardcat.cleanup.undoing import undo
from cardcat.indexing import index
from tests import drives
from tests.cleanup.shelves import tree
from tests.support import fill, jpeg


def test_what_an_index_has_found_is_put_away_and_a_later_index_leaves_it_so(tmp_path: Path) -> None:
    drives.require_mounting()
    catalog = tmp_path / "catalog.db"
    with drives.drive(tmp_path / "drive") as root:
        fill(root / "photos", {"2024/a.jpg": jpeg(1), "x/a (1).jpg": jpeg(1), "x/a (1).xmp": b"<x/>"})
        fill(root / "photos", {"2024/a.xmp": b"<x/>"})
        before = tree(root / "photos")
        index([root / "photos"], catalog=catalog)
        with open_catalog(catalog) as opened:
            plan = choose(opened).plan
            assert plan.goers == 2
            assert len(apply(opened, plan, "plan.txt").done) == 2
        index([root / "photos"], catalog=catalog)
        with open_catalog(catalog) as opened:
            assert choose(opened).plan.goers == 0
            assert len(undo(opened, 1).done) == 2
        assert tree(root / "photos") == before
        index([root / "photos"], catalog=catalog)
        with open_catalog(catalog) as opened, opened.read() as c:
            states = c.exec_driver_sql("SELECT status, count(*) FROM file_locations GROUP BY 1").all()
        assert [tuple(row) for row in states] == [("present", 4)]
