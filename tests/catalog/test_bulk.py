"""Many rows at a time reach the database as they are; one that lacks a value does not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    bindparam,
    create_engine,
    event,
    literal_column,
    update,
)
from sqlalchemy.pool import StaticPool

from cardcat.catalog.bulk import Value, among, insert_many, insert_new, looked_up, update_many
from cardcat.catalog.tables import content_identity

K = content_identity.c
RENAMED = update(content_identity).where(K.cas_id == bindparam("b_hash")).values(xxh3_128=bindparam("b_xxh3"))


@pytest.fixture
def c(tmp_path: Path) -> Connection:
    engine = create_engine(f"sqlite:///{tmp_path}/catalog.db", poolclass=StaticPool)
    content_identity.create(engine)
    return engine.connect()


def rows(*hashes: str) -> list[dict[str, Value]]:
    return [{"cas_id": h, "kind": "image", "size_bytes": 1, "created_at": 1} for h in hashes]


def test_rows_that_are_there_are_passed_over(c: Connection) -> None:
    insert_many(c, insert_new(c, content_identity), rows("a", "b"))
    insert_many(c, insert_new(c, content_identity), rows("b", "c"))
    insert_many(c, insert_new(c, content_identity), [])
    assert sorted(c.scalars(content_identity.select().with_only_columns(K.cas_id))) == ["a", "b", "c"]


@pytest.mark.parametrize("count", [399, 400, 401, 1_203, 5_000, 5_401])
def test_many_rows_are_written_as_each_of_them_is(c: Connection, count: int) -> None:
    given: list[dict[str, Value]] = [
        {"cas_id": f"{number % 1_000}", "kind": "image", "size_bytes": number, "created_at": -number}
        for number in range(count)
    ]
    insert_many(c, insert_new(c, content_identity), given)
    found = c.execute(content_identity.select().with_only_columns(K.cas_id, K.size_bytes, K.created_at))
    first = min(count, 1_000)  # the others are passed over
    assert [*map(tuple, found)] == [(f"{number}", number, -number) for number in range(first)]


def steps_of(c: Connection) -> list[bool]:
    """What is executed from now on, whether it is one call for many steps."""
    steps: list[bool] = []

    @event.listens_for(c, "before_cursor_execute")
    def _(*args: object) -> None:
        steps.append(bool(args[-1]))

    return steps


def test_many_rows_take_few_steps(c: Connection) -> None:
    steps = steps_of(c)
    insert_many(c, insert_new(c, content_identity), rows(*map(str, range(1_000))))
    assert steps == [False, False, True]  # the last 200 are one call of the driver, a step each
    update_many(c, RENAMED, [{"b_hash": str(number), "b_xxh3": ""} for number in range(1_000)])
    assert steps[3:] == [False, False, True]


def test_rows_of_more_values_than_one_step_takes_are_written_too(c: Connection) -> None:
    wide = Table("wide", MetaData(), *(Column(f"c{number}", Integer) for number in range(90)))
    wide.create(c)
    driver = c.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)  # some are built with more
    given: list[dict[str, Value]] = [{column.name: row for column in wide.c} for row in range(500)]
    insert_many(c, insert_new(c, wide), given)
    assert [sum(row) for row in c.execute(wide.select())] == [90 * row for row in range(500)]
    names = [column.name for column in wide.c]
    more = update(wide).where(wide.c.c0 == bindparam("b_c0"))
    more = more.values({name: bindparam(f"b_{name}") for name in names if name != "c0"})
    update_many(c, more, [{f"b_{name}": row if name == "c0" else 1 for name in names} for row in range(500)])
    assert [sum(row) for row in c.execute(wide.select())] == [89 + row for row in range(500)]


def test_ids_are_looked_up_by_hash(c: Connection) -> None:
    hashes = [f"{number:x}" for number in range(6_000)]
    insert_many(c, insert_new(c, content_identity), rows(*hashes))
    ids = dict(c.execute(content_identity.select().with_only_columns(K.cas_id, K.id)).tuples().all())
    assert looked_up(c, K.cas_id, K.id, [*hashes, "none", "0"]) == ids
    assert looked_up(c, K.cas_id, K.id, ["none"]) == {}
    assert looked_up(c, K.cas_id, K.id, []) == {}


def test_each_row_is_updated_with_its_own_values_and_those_of_the_statement(c: Connection) -> None:
    insert_many(c, insert_new(c, content_identity), rows("a", "b"))
    statement = update(content_identity).where(K.cas_id == bindparam("b_hash"))
    statement = statement.values(size_bytes=7, kind=bindparam("b_kind"))
    update_many(c, statement, [{"b_hash": "a", "b_kind": "video"}, {"b_hash": "b", "b_kind": "audio"}])
    found = c.execute(content_identity.select().with_only_columns(K.cas_id, K.kind, K.size_bytes))
    assert sorted(map(tuple, found)) == [("a", "video", 7), ("b", "audio", 7)]


@pytest.mark.parametrize("count", [398, 399, 400, 1_203])
def test_many_rows_are_updated_as_each_of_them_is(c: Connection, count: int) -> None:
    names = [f"{number}" for number in range(count)]
    insert_many(c, insert_new(c, content_identity), rows(*names, "unasked"))
    statement = update(content_identity).where(K.cas_id == bindparam("b_hash"), K.kind == "image")
    statement = statement.values(
        size_bytes=K.size_bytes + 6,
        kind="video",
        xxh3_128=bindparam("b_xxh3"),
        created_at=bindparam("b_time"),
    )
    given: list[dict[str, Value]] = [
        {"b_hash": name, "b_xxh3": name if int(name) % 2 else None, "b_time": -int(name)} for name in names
    ]
    update_many(c, statement, [*given, {"b_hash": "none", "b_xxh3": "", "b_time": 0}])
    columns = (K.cas_id, K.size_bytes, K.kind, K.xxh3_128, K.created_at)
    found = [*map(tuple, c.execute(content_identity.select().with_only_columns(*columns)))]
    told = [(name, 7, "video", row["b_xxh3"], row["b_time"]) for name, row in zip(names, given, strict=True)]
    assert found == [*told, ("unasked", 1, "image", None, 1)]


def test_a_question_mark_in_a_statement_is_no_value(c: Connection) -> None:
    hashes = [*map(str, range(500))]
    insert_many(c, insert_new(c, content_identity), rows(*hashes))
    statement = RENAMED.where(literal_column("'?'") == "?")
    update_many(c, statement, [{"b_hash": each, "b_xxh3": each} for each in hashes])
    assert sorted(c.scalars(content_identity.select().with_only_columns(K.xxh3_128))) == sorted(hashes)


def test_a_row_without_a_value_erases_nothing(c: Connection) -> None:
    insert_many(c, insert_new(c, content_identity), rows("a"))
    statement = update(content_identity).where(K.cas_id == bindparam("b_hash"))
    statement = statement.values(size_bytes=7, xxh3_128=bindparam("b_xxh3"))
    with pytest.raises(KeyError):
        update_many(c, statement, [{"b_hash": "a", "b_xxh3": "1"}, {"b_hash": "a"}])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_one_of_many_texts_is_found_as_it_is(texts: list[str]) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    content_identity.create(engine)
    with engine.connect() as c:
        insert_many(c, insert_new(c, content_identity), rows("null", "1", *texts))
        query = content_identity.select().with_only_columns(K.cas_id).where(among(c, K.cas_id, texts))
        assert set(c.scalars(query)) == set(texts)
