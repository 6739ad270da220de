"""Many rows at a time reach the database as they are; one that lacks a value does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, create_engine, update
from sqlalchemy.pool import StaticPool

from cardcat.catalog.bulk import among, insert_many, insert_new, update_many
from cardcat.catalog.tables import content_identity

K = content_identity.c


@pytest.fixture
def c(tmp_path: Path) -> Connection:
    engine = create_engine(f"sqlite:///{tmp_path}/catalog.db", poolclass=StaticPool)
    content_identity.create(engine)
    return engine.connect()


def rows(*hashes: str) -> list[dict[str, str | int | float | bytes | None]]:
    return [{"cas_id": h, "kind": "image", "size_bytes": 1, "created_at": 1} for h in hashes]


def test_rows_that_are_there_are_passed_over(c: Connection) -> None:
    insert_many(c, insert_new(c, content_identity), rows("a", "b"))
    insert_many(c, insert_new(c, content_identity), rows("b", "c"))
    insert_many(c, insert_new(c, content_identity), [])
    assert sorted(c.scalars(content_identity.select().with_only_columns(K.cas_id))) == ["a", "b", "c"]


def test_each_row_is_updated_with_its_own_values_and_those_of_the_statement(c: Connection) -> None:
    insert_many(c, insert_new(c, content_identity), rows("a", "b"))
    statement = update(content_identity).where(K.cas_id == bindparam("b_hash"))
    statement = statement.values(size_bytes=7, kind=bindparam("b_kind"))
    update_many(c, statement, [{"b_hash": "a", "b_kind": "video"}, {"b_hash": "b", "b_kind": "audio"}])
    found = c.execute(content_identity.select().with_only_columns(K.cas_id, K.kind, K.size_bytes))
    assert sorted(map(tuple, found)) == [("a", "video", 7), ("b", "audio", 7)]


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
