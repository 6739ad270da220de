"""A plan is text that a person reads and edits, and loses nothing on the way."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.cleanup.plans import Action, Block, Line, Plan, PlanError, Root, Verb, parsed, written
from cardcat.cleanup.quoting import quote, unquote

HASH = "ab" * 32
UUID = "01234567-89ab-cdef-0123-456789abcdef"

names = (
    st.binary(min_size=1, max_size=40)
    .filter(lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b".."))
    .map(os.fsdecode)
)
folders = st.lists(names | st.text("aé ☃\n\"\\#'", min_size=1, max_size=5), min_size=1, max_size=4)
absolute = folders.map(lambda pieces: "/" + "/".join(pieces))
lines = st.lists(st.builds(Line, st.sampled_from(Verb), absolute), max_size=4).map(tuple)
blocks = st.lists(
    st.builds(
        Block,
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        st.integers(0, 2**63 - 1),
        lines,
        st.text(max_size=20),
    ),
    max_size=3,
).map(tuple)
plans = st.builds(
    Plan,
    st.sampled_from(Action),
    st.lists(st.builds(Root, st.uuids().map(str), absolute), max_size=2).map(tuple),
    blocks,
)


def as_text(plan: Plan) -> str:
    return "\n".join(written(plan, "Made by a test.")) + "\n"


@given(plans)
def test_a_plan_is_read_as_it_was_written(plan: Plan) -> None:
    text = as_text(plan)

    back = parsed(text.encode().decode())

    plain = tuple(replace(block, comment="", number=0) for block in plan.blocks)
    assert tuple(replace(block, number=0) for block in back.blocks) == plain
    assert (back.action, back.roots) == (plan.action, plan.roots)
    assert back.hash == plan.hash


@given(names)
def test_any_name_stands_on_one_line_of_plain_text(name: str) -> None:
    shown = quote(name)
    assert unquote(shown) == name
    assert shown.isprintable()
    assert len(shown.splitlines()) == 1


def test_comments_and_line_ends_are_no_part_of_the_order() -> None:
    block = Block(HASH, 7, (Line(Verb.KEEP, "/a/b"), Line(Verb.AWAY, "/a/c")), "kept: it is old")
    plan = Plan(Action.QUARANTINE, (Root(UUID, "/a"),), (block,))
    text = as_text(plan)

    edited = "\ufeff" + text.replace("  # kept: it is old", "# my own words").replace("\n", "\r\n")

    assert parsed(edited).hash == plan.hash


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("away  ", "keep  "),
        ("action  quarantine", "action  hardlink"),
        (HASH, "cd" * 32),
        (f"group {HASH} 7", f"group {HASH} 8"),
        ('"/a/c"', '"/a/d"'),
    ],
)
def test_what_is_edited_is_another_order(was: str, now: str) -> None:
    block = Block(HASH, 7, (Line(Verb.KEEP, "/a/b"), Line(Verb.AWAY, "/a/c")))
    plan = Plan(Action.QUARANTINE, (Root(UUID, "/a"),), (block,))
    text = as_text(plan)
    assert was in text

    assert parsed(text.replace(was, now)).hash != plan.hash


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "no line `action`"),
        ("action  delete", "action is one of"),
        ("action quarantine\naction hardlink", "one action already"),
        ('action quarantine\naway "/a"', "before the first group"),
        (f"action quarantine\ngroup {HASH[:-1]} 3", "nothing that is known"),
        (f"action quarantine\ngroup {HASH} -3", "nothing that is known"),
        (f'action quarantine\ngroup {HASH} 3\nremove "/a"', "nothing that is known"),
        (f"action quarantine\ngroup {HASH} 3\naway /a", "double quotes"),
        (f'action quarantine\ngroup {HASH} 3\naway "/a/../b"', "no . or .."),
        (f'action quarantine\ngroup {HASH} 3\naway "a/b"', "begins at the root"),
        (f'action quarantine\ngroup {HASH} 3\naway "/a/b/"', "begins at the root"),
        (f'action quarantine\ngroup {HASH} 3\naway "/a\\q"', "means nothing"),
        (f'action quarantine\ngroup {HASH} 3\naway "/a\\x00b"', "begins at the root"),
        (f'action quarantine\ngroup {HASH} 3\naway "/a" "/b"', "double quotes"),
    ],
)
def test_a_line_that_says_nothing_known_is_named(body: str, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        parsed(f"# cardcat cleanup plan 1\n{body}\n")


@pytest.mark.parametrize("text", ["", "\n", "rm -rf /", "# cardcat cleanup plan 2\naction quarantine\n"])
def test_another_file_is_no_plan(text: str) -> None:
    with pytest.raises(PlanError, match="no plan"):
        parsed(text)


def test_the_plan_tells_how_to_edit_it() -> None:
    text = as_text(Plan(Action.QUARANTINE, (), ()))
    for word in ("keep", "away", "action", "undo", ".cardcat-quarantine", "apply"):
        assert word in text
