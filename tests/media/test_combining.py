"""One answer out of several, and the places that films name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.combining import combined, dated
from cardcat.media.geo import NOWHERE, iso_6709, place
from cardcat.metadata import DateSource, Details, Metadata

SOURCES = st.sampled_from([DateSource.UTC, DateSource.CREATION_DATE, DateSource.ORIGINAL])


@st.composite
def answers(draw: st.DrawFn) -> Metadata:
    source = draw(st.none() | SOURCES)
    north = draw(st.none() | st.sampled_from([1.0, 2.0]))
    return Metadata(
        camera_make=draw(st.none() | st.sampled_from("ab")),
        date_taken=draw(st.sampled_from("xy")) if source else None,
        details=Details(
            date_source=source,
            date_subsec=draw(st.none() | st.sampled_from("12")) if source else None,
            gps_latitude=north,
            gps_longitude=north and -north,
            gps_altitude=draw(st.none() | st.just(5.0)) if north else None,
        ),
    )


def of_date(one: Metadata) -> tuple[object, ...]:
    return one.date_taken, one.details.date_source, one.details.date_subsec


def of_place(one: Metadata) -> tuple[object, ...]:
    return one.details.gps_latitude, one.details.gps_longitude, one.details.gps_altitude


@given(st.lists(answers(), min_size=1, max_size=4))
def test_a_date_and_a_place_are_whole_and_the_first_wins(told: list[Metadata]) -> None:
    found = combined(*told)

    assert of_date(found) in [of_date(one) for one in told]
    assert of_place(found) in [of_place(one) for one in told]
    assert found.camera_make == next((one.camera_make for one in told if one.camera_make), None)
    if any(one.date_taken and not one.date_is_utc for one in told):
        assert not found.date_is_utc


def test_a_date_keeps_the_digits_behind_its_second() -> None:
    found = dated(Metadata(), "2023-09-01 10:11:12.345", DateSource.SIDECAR)

    assert (found.date_taken, found.details.date_subsec) == ("2023-09-01T10:11:12", "345")
    assert dated(found, "no date", DateSource.UTC) == found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+32.0929+034.8620+028.516/", (32.0929, 34.862, 28.516)),
        ("-33.5-070.25/", (-33.5, -70.25, None)),
        ("+3230.0+03415.0/", (32.5, 34.25, None)),
        ("+323000+0341500-5/", (32.5, 34.25, -5.0)),
        ("+00.0000+000.0000/", (None, None, None)),  # a receiver without a fix
        ("+95.0+010.0/", (None, None, None)),
        ("+45.0+190.0/", (None, None, None)),
        ("+45.0+090.0+9999999/", (45.0, 90.0, None)),
        ("north by north-west", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_a_place_is_on_earth_or_nowhere(written: object, expected: tuple[float | None, ...]) -> None:
    assert tuple(iso_6709(written).values()) == expected


def test_half_a_place_is_nowhere() -> None:
    assert place(1.0, None) == place(None, 1.0) == place(float("nan"), 1.0) == NOWHERE


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("2024-05-01T22:30:00Z", DateSource.UTC),
        ("2024-05-01T22:30:00+00:00", DateSource.SIDECAR),
        ("2024-05-01T22:30:00", DateSource.SIDECAR),
    ],
)
def test_a_sidecars_zulu_time_is_an_instant(written: str, source: DateSource) -> None:
    assert dated(Metadata(), written, DateSource.SIDECAR).details.date_source is source
