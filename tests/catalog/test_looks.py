"""What is in the cache is called by the catalog's uuid, which may be any text."""

from __future__ import annotations

import uuid

import pytest

from cardcat.catalog import looks


def test_a_uuid_is_the_name() -> None:
    known = str(uuid.UUID(int=7))
    assert looks.name_of(known, "0006") == f"{known}-0006"


@pytest.mark.parametrize("text", ["../../escaped", "", "a/b", "\0", None, "x" * 5_000])
def test_another_text_leads_nowhere_else(text: str | None) -> None:
    name = looks.name_of(text, "0006")
    assert len(name) == len(f"{uuid.UUID(int=7)}-0006")
    assert "/" not in name
    assert name == looks.name_of(text, "0006") != looks.name_of("another", "0006")
