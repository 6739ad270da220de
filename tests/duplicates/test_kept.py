"""The explanation that is kept answers as the one that has just been worked out."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.catalogs import make
from cardcat import analysis
from cardcat.analysis import rows
from cardcat.catalog.engine import open_catalog
from cardcat.duplicates import explaining, gathering, tables
from cardcat.duplicates.filtering import scopes
from cardcat.duplicates.filters import Filters
from cardcat.duplicates.listing import Listing, as_table, list_groups, nothing
from cardcat.duplicates.looking import look_at
from cardcat.duplicates.reasons import Known, explained
from cardcat.duplicates.why import Why
from cardcat.paths import from_text
from tests.duplicates.conftest import Shelf

ROWS = 1500
FOLDERS = ("", "photos", "photos/2010", "photos/from the old computer", "photos/from", "nowhere")
MOUNTED = "/media/cardcat-test"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated one, with drives that are unplugged, and files whose names are no text."""
    path = tmp_path_factory.mktemp("generated") / "catalog.db"
    make(path, ROWS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE volumes SET last_mount_point = '{MOUNTED}/' || label")
        connection.execute(
            "UPDATE folders SET path = path || '\ufffd', path_raw = CAST(path || x'ff' AS BLOB)"
            " WHERE id % 7 = 0"
        )
        connection.execute("UPDATE media_files SET camera_model = 'Größe Ünic' WHERE id % 11 = 0")
        connection.commit()
    return path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred rows are many groups of rows."""
    monkeypatch.setattr(rows, "GROUP", 16)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(place))
        yield place


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the explanation is worked out."""
    done: list[int] = []
    laid_out = gathering.laid_out

    def noted(read: Any) -> Any:
        done.append(1)
        return laid_out(read)

    monkeypatch.setattr(gathering, "laid_out", noted)
    return done


def listed(catalog: Path, filters: Filters) -> Listing:
    return list_groups(catalog, filters)


def all_of(found: Listing) -> tuple[object, ...]:
    """Everything that is to be had of a listing."""
    pages = [found.page(begin, 10) for begin in range(0, found.count + 10, 10)]
    singles = [found.page(begin, 10, singles=True) for begin in range(0, found.singles_count + 10, 10)]
    return (
        found.count, found.singles_count, found.whole, found.twice, found.by_why, list(found.findings),
        pages, singles, found.groups.to_dicts(), as_table(found).to_dicts(),
    )  # fmt: skip


def forget(cache: Path) -> None:
    for file in cache.rglob("kept/*"):
        file.unlink()


wanted = st.builds(
    Filters,
    volume=st.sampled_from([None, None, "PHOTOS", "OLD-1", "BACKUP-1"]),
    folder=st.sampled_from(
        [None, None, *(f"{MOUNTED}/{drive}/{folder}" for drive in ("PHOTOS", "OLD-2") for folder in FOLDERS)]
    ),
    camera=st.sampled_from([None, None, "maker 1", "ÜNIC", "x"]),
    month=st.sampled_from([None, None, "2010", "2014-02"]),
    kind=st.sampled_from([None, None, "image", "video"]),
    why=st.sampled_from([None, None, *Why]),
    least=st.sampled_from([0, 0, 5_000_000, 10**12]),
)
many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(filters=wanted)
def test_answers_are_the_same_as_without_it(
    catalog: Path, cache: Path, works: list[int], filters: Filters
) -> None:
    forget(cache)
    works.clear()
    made = all_of(listed(catalog, filters))
    assert works == [1]
    kept = all_of(listed(catalog, filters))
    assert works == [1]
    assert kept == made


@many
@given(filters=wanted)
def test_answers_are_those_of_plain_frames(catalog: Path, filters: Filters) -> None:
    found, expected = listed(catalog, filters), Plain(catalog, filters)
    groups = expected.groups
    assert found.groups.select(groups.columns).equals(groups)
    assert (found.count, found.whole.groups) == (len(groups), len(groups))
    assert found.whole.copies == groups["copies"].sum()
    assert found.whole.wasted == groups["wasted"].sum()
    assert found.whole.size == sum(row["size"] * row["copies"] for row in groups.to_dicts())
    assert found.twice == groups["twice"].sum()
    assert {why.value: (count, wasted) for why, count, wasted in found.by_why} == {
        why: (len(part), part["wasted"].sum()) for (why,), part in groups.group_by("why")
    }
    singles = groups.filter(pl.col("finding").is_null())
    assert found.singles_count == len(singles)
    assert [row["hash"] for row in found.page(3, 20, singles=True)] == singles["hash"][3:23].to_list()
    assert [row["hash"] for row in found.page(3, 20)] == groups["hash"][3:23].to_list()
    assert [one.number - 1 for one in found.findings] == expected.findings


class Plain:
    """What passes the filters, worked out row by row from what the statements answer."""

    def __init__(self, catalog: Path, filters: Filters) -> None:
        with open_catalog(catalog) as opened:
            read = analysis.answered(opened, gathering.read)
        paths = gathering._told_apart(read["why_folders"])
        folders = read["why_folders"].with_columns(path=paths)
        sizes = read["why_groups"].select("content", "size")
        known = Known(
            folders.drop("path_raw"), read["why_files"], read["why_sums"], read["why_names"],
            read["why_live_photos"], sizes,
        )  # fmt: skip
        found = explained(known)
        groups = read["why_groups"].join(found.reasons, on="content", how="left", maintain_order="left")
        groups = groups.with_columns(pl.col("why").fill_null("other"))
        allowed = [self._contents(read, scope) for scope in scopes(catalog, filters.volume, filters.folder)]
        keep = [
            passes(row, filters) and all(row["content"] in contents for contents in allowed)
            for row in groups.to_dicts()
        ]
        self.groups = groups.filter(pl.Series(keep, dtype=pl.Boolean))
        contents = set(self.groups["content"])
        about = {finding for content, finding in found.contents.iter_rows() if content in contents}
        self.findings = [
            row["finding"] for row in found.findings.to_dicts()
            if row["finding"] in about and filters.why in (None, row["why"])
        ]  # fmt: skip

    @staticmethod
    def _contents(read: dict[str, pl.DataFrame], scope: Any) -> set[int]:
        volumes = {row["location"]: (row["volume"], row["path"]) for row in read["why_locations"].to_dicts()}
        inside = set()
        for row in read["why_folders"].to_dicts():
            volume, top = volumes[row["location"]]
            path = f"{top}/{from_text(row['path'], row['path_raw'])}/"
            if volume == scope.volume_id and (not scope.path or path.startswith(f"{scope.path}/")):
                inside.add(row["folder"])
        return {content for folder, content, _ in read["why_files"].iter_rows() if folder in inside}


def passes(row: dict[str, Any], filters: Filters) -> bool:
    return (
        row["wasted"] >= filters.least
        and (filters.camera or "").lower() in (row["camera"] or "").lower()
        and (row["month"] or "").startswith(filters.month or "")
        and filters.kind in (None, row["media_type"])
        and filters.why in (None, row["why"])
    )


def test_each_duplicate_is_shown_as_listed(catalog: Path, cache: Path, works: list[int]) -> None:
    found = list_groups(catalog)
    rows = found.page(0, found.count)
    findings = {one.number - 1: one for one in found.findings}
    works.clear()
    some = random.Random(1).sample(rows, 40)
    for row in some:
        shown = look_at(row["hash"], Path(row["hash"]), catalog=str(catalog))
        assert shown.content.hash == row["hash"]
        assert shown.why == row["why"]
        assert shown.finding == findings.get(row["finding"])
        assert shown.partner == row["partner_hash"]
        assert shown.wasted == row["wasted"]
    assert works == []
    forget(cache)
    again = look_at(some[0]["hash"], Path("none"), catalog=str(catalog))
    assert (again.why, again.finding) == (some[0]["why"], findings.get(some[0]["finding"]))
    assert works == [1]


def test_hashes_that_begin_alike_are_told_apart(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "_PROGRAM", b"another")
    monkeypatch.setattr(gathering, "DIGITS", 1)
    monkeypatch.setattr("cardcat.duplicates.looking.DIGITS", 1)
    found = list_groups(catalog)
    for row in found.page(0, 30):
        shown = look_at(row["hash"], Path("none"), catalog=str(catalog))
        assert shown.why == row["why"]
        assert (shown.finding and shown.finding.number - 1) == row["finding"]


def test_a_finding_is_told_also_where_a_larger_one_is_about_all_of_it(shelf: Shelf) -> None:
    """Photos 0 and 1 are in x as a whole in y, and in y as a whole in z."""
    shelf.fill({f"{top}/p{n}.jpg": n for top, count in (("x", 2), ("y", 4), ("z", 5)) for n in range(count)})
    found = shelf.listed(folder=str(shelf.root / "x"))
    assert {row["finding"] for row in found.page(0, 10)} == {0}
    assert [one.path for one in found.findings] == [one.path for one in shelf.listed().findings] == ["y", "x"]


def test_a_change_is_seen_at_once(shelf: Shelf, works: list[int]) -> None:
    shelf.fill({"a/one.jpg": 1, "b/one (1).jpg": 1, "c/two.jpg": 2})
    assert [list(shelf.reasons()) for _ in range(2)] == [["a/one.jpg"]] * 2
    assert works == [1]
    shelf.fill({"d/two (1).jpg": 2})
    assert list(shelf.reasons()) == ["a/one.jpg", "c/two.jpg"]
    (shelf.root / "b/one (1).jpg").unlink()
    shelf.fill({})
    assert list(shelf.reasons()) == ["c/two.jpg"]
    assert works == [1, 1, 1]


def test_another_program_explains_for_itself(
    catalog: Path, works: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    list_groups(catalog)
    works.clear()
    monkeypatch.setattr(explaining, "_PROGRAM", b"of another version")
    list_groups(catalog)
    assert works == [1]


def test_the_program_is_what_explains() -> None:
    assert b"def explained(" in explaining._PROGRAM


@pytest.mark.parametrize("table", tables.TABLES)
@pytest.mark.parametrize("ask", [
    lambda path: all_of(list_groups(path)),
    lambda path: all_of(list_groups(path, Filters(volume="OLD-1", least=1))),
])  # fmt: skip
def test_damage_of_any_table_is_no_trouble(
    catalog: Path, cache: Path, table: str, ask: Callable[[Path], object]
) -> None:
    forget(cache)
    expected = ask(catalog)
    (file,) = cache.rglob(f"kept/duplicates-*-{table}.parquet")
    status, data = file.stat(), bytearray(file.read_bytes())
    data[4:-8] = bytes(len(data) - 12)
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ask(catalog) == expected


def test_damage_that_comes_while_it_is_read_is_no_trouble(
    catalog: Path, cache: Path, works: list[int]
) -> None:
    expected = all_of(list_groups(catalog))
    found = list_groups(catalog)
    works.clear()
    for file in cache.rglob("kept/*.parquet"):
        file.write_bytes(bytes(file.stat().st_size))
    assert all_of(found)[6:] == expected[6:]
    assert works == [1]


def test_without_a_catalog_there_is_nothing() -> None:
    found = nothing()
    assert all_of(found)[:6] == (0, 0, found.whole, 0, [], [])
    assert found.groups.columns == tables.TABLES["groups"].names
