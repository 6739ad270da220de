"""The offset of the nearest clock of the card, if one is near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cardcat.metadata import Confidence, DateSource, Details, Metadata, Moment
from cardcat.model import Kind
from cardcat.plan.clocks import clocks_of, offset_near
from cardcat.plan.dates import Dated, day_of, moments_of

AT = datetime(2024, 5, 1, 22, 30)  # noqa: DTZ001 - UTC, without saying so
HOUR = int((AT.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(hours=1))
FILM = Metadata(date_taken="2024-05-01T22:30:00+00:00", details=Details(date_source=DateSource.UTC))


def test_the_nearest_tells_the_earlier_of_two() -> None:
    assert offset_near(AT, {HOUR - 3: "+02:00", HOUR + 2: "+03:00"}) == "+03:00"
    assert offset_near(AT, {HOUR - 2: "+02:00", HOUR + 2: "+03:00"}) == "+02:00"
    assert offset_near(AT, {HOUR - 25: "+02:00", HOUR + 25: "+03:00"}) is None
    assert offset_near(AT, {}) is None


def test_only_what_knows_its_own_offset_tells() -> None:
    own = Moment("2024-05-02T00:30:00", "+02:00", DateSource.ORIGINAL, Confidence.CERTAIN, "file")
    seen = Moment("2024-05-02T00:30:00", "+02:00", DateSource.UTC, Confidence.GUESS, "time zone")
    bare = Moment("2024-05-02T00:30:00", None, DateSource.ORIGINAL, Confidence.CERTAIN)
    never = Moment("not a date T", "+02:00", DateSource.ORIGINAL, Confidence.CERTAIN, "file")

    assert list(clocks_of([seen, bare, own, never])) == [(HOUR, "+02:00")]


@given(st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"]), st.integers(-24, 24))
def test_the_day_depends_on_no_zone_if_a_clock_is_near(zone: str, distance: int) -> None:
    film = Dated(Kind.VIDEO, "PXL_20240501_223000000.mp4", FILM, 0)
    (moment,) = moments_of([film], ZoneInfo(zone), {HOUR + distance: "+02:00"})

    assert (moment.local, moment.offset_source) == ("2024-05-02T00:30:00", "card")
    assert moment.confidence is Confidence.LIKELY
    assert day_of(moment).isoformat() == "2024-05-02"


def test_a_day_in_the_name_is_believed_before_the_cards_clocks() -> None:
    film = Dated(Kind.VIDEO, "VID-20240501-WA0001.mp4", FILM, 0)
    (moment,) = moments_of([film], ZoneInfo("UTC"), {HOUR: "+02:00"})

    assert day_of(moment).isoformat() == "2024-05-01"
