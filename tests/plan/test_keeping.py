"""Which copies of the catalog go: the oldest of our own, and nothing else, ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardcat.plan.keeping import order_of, surplus

PREFIX = "catalog.db.backup-0123abcd-"
NEW = f"{PREFIX}20260101T000000Z"

dates = st.datetimes().map(lambda moment: f"{moment:%Y%m%dT%H%M%SZ}".rjust(16, "0"))
numbers = st.just("") | st.integers(2, 12).map(lambda number: f"-{number}")
ours = st.builds(lambda date, number: PREFIX + date + number, dates, numbers)
foreign = st.text(max_size=60).filter(lambda name: not name.startswith(PREFIX)) | st.sampled_from(
    [
        "catalog.db",
        "catalog.db.replaced-20260101T000000Z",
        "catalog.db.backup-ffffffff-20200101T000000Z",  # of another catalog
        f"{PREFIX}20200101T000000Z.part",
        f"{PREFIX}20200101T000000Z ",
        f"{PREFIX}20200101T000000Z\n",
        f"my {PREFIX}20200101T000000Z",
        "20200101T000000Z",
        PREFIX,
    ]
)


@given(st.sets(ours), st.sets(foreign), st.integers(1, 12), st.booleans())
def test_the_newest_stay_and_foreign_names_are_never_touched(
    mine: set[str], others: set[str], keep: int, is_listed: bool
) -> None:
    mine.discard(NEW)
    gone = surplus({*mine, *others, *({NEW} if is_listed else set())}, PREFIX, keep=keep, made=NEW)
    newest = sorted(mine, key=lambda name: order_of(name, PREFIX) or ("", 0), reverse=True)
    assert NEW not in gone
    assert set(gone) == set(newest[keep - 1 :])
    assert gone == newest[keep - 1 :][::-1]


def test_the_one_just_made_stays_though_the_clock_was_put_back() -> None:
    made = f"{PREFIX}19700101T000000Z"
    names = [made, *(f"{PREFIX}2026010{day}T000000Z" for day in range(1, 4))]
    assert surplus(names, PREFIX, keep=1, made=made) == names[1:]
    assert surplus(names, PREFIX, keep=2, made=made) == names[1:3]


def test_several_of_one_second_go_in_their_order() -> None:
    second = f"{PREFIX}20200101T000000Z"
    names = [f"{second}-10", second, f"{second}-2", NEW]
    assert surplus(names, PREFIX, keep=2, made=NEW) == [second, f"{second}-2"]
