"""Dates are read from the names that phones and cameras give, and from no other digits."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.plan.name_dates import NameDate, name_date
from tests.plan.strategies import file_names, unhurried

MOMENT = "2020-06-30T11:27:59"


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("20200630_112759.heic", MOMENT),
        ("IMG_20200630_112759.jpg", MOMENT),
        ("VID_20201023_202729.3gp", "2020-10-23T20:27:29"),
        ("MVIMG_20200630_112759.jpg", MOMENT),
        ("PANO_20200630_112759.jpg", MOMENT),
        ("20200630_112759_HDR.jpg", MOMENT),
        ("20200630_112759_001.jpg", MOMENT),
        ("20200630_112759(0).jpg", MOMENT),
        ("IMG_20200630_112759~2.jpg", MOMENT),
        ("IMG_20200630_112759_BURST001_COVER.jpg", MOMENT),
        ("00000IMG_00000_BURST20200630112759_COVER.jpg", MOMENT),
        ("IMG20200630112759.jpg", MOMENT),
        ("vid20200630112759.mp4", MOMENT),
        ("20200630112759.jpg", MOMENT),
        ("IMG_20200630_112759123.jpg", f"{MOMENT}.123"),
        ("IMG_20200630_112759007_HDR.jpg", f"{MOMENT}.007"),
        ("Screenshot_2020-06-30-11-27-59.png", MOMENT),
        ("Screenshot_2020-06-30-11-27-59-123_com.example.png", f"{MOMENT}.123"),
        ("Screenshot_20200630-112759_Maps.jpg", MOMENT),
        ("Screenshot 2020-06-30 at 11.27.59.png", MOMENT),
        ("Screen Shot 2020-06-30 at 9.27.59 AM.png", "2020-06-30T09:27:59"),
        ("Screenshot 2020-06-30 at 11.27.59\u202fPM.png", "2020-06-30T23:27:59"),
        ("Screenshot 2020-06-30 at 12.27.59 AM.png", "2020-06-30T00:27:59"),
        ("WhatsApp Image 2020-06-30 at 11.27.59.jpeg", MOMENT),
        ("2020-06-30 11.27.59.jpg", MOMENT),
        ("2020-06-30 11.27.59-1.jpg", MOMENT),
        ("signal-2020-06-30-112759.jpg", MOMENT),
        ("signal-2020-06-30-11-27-59-123.jpg", f"{MOMENT}.123"),
        ("DJI_20230501101112_0001_D.MP4", "2023-05-01T10:11:12"),
        ("VID_20200630_112759_00_001.insv", MOMENT),
        ("LRV_20200630_112759_11_001.insv", MOMENT),
        ("WIN_20200630_11_27_59_Pro.jpg", MOMENT),
        ("2020_0630_112759_001A.MP4", MOMENT),
        ("IMG-20200630-WA0001.jpg", "2020-06-30"),
        ("VID-20200630-WA0001.mp4", "2020-06-30"),
        ("PTT-20200630-WA0001.opus", "2020-06-30"),
        ("IMG_20200630_1234.jpg", "2020-06-30"),
        ("2020-06-30.jpg", "2020-06-30"),
        ("Photo 2020-06-30 (3).jpg", "2020-06-30"),
        ("scan 1890-01-01, 2020-06-30.jpg", "2020-06-30"),
    ],
)
def test_a_wall_clock_in_a_name(name: str, local: str) -> None:
    assert name_date(name) == NameDate(local, is_utc=False)
    assert name_date(name.lower()) == NameDate(local, is_utc=False)


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("PXL_20220909_154515546.mp4", "2022-09-09T15:45:15.546"),
        ("PXL_20220909_154515546.MP.jpg", "2022-09-09T15:45:15.546"),
        ("pxl_20210101_120000000.RAW-02.ORIGINAL.dng", "2021-01-01T12:00:00.000"),
        ("20200630T112759Z.mp4", MOMENT),
        ("2020-06-30T11-27-59Z.mp4", MOMENT),
    ],
)
def test_a_name_in_utc(name: str, local: str) -> None:
    assert name_date(name) == NameDate(local, is_utc=True)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20209999_000000.jpg",
        "IMG_20200230_000000.jpg",
        "PXL_20220909_999999999.jpg",
        "DSC_20200630.jpg",
        "DSC_2020.JPG",
        "20200630.jpg",
        "P2020063.JPG",
        "IMG_2020.JPG",
        "IMG_19891231_112759.jpg",
        "IMG_21010101_112759.jpg",
        "IMG_202006301.jpg",
        "120200630_112759.jpg",
        "20200630_1127591.jpg",
        "a20200630112759bc.jpg",
        "20201023202729456_n.jpg",
        "1593516479123.jpg",
        "FB_IMG_1593516479123.jpg",
        "GX010003.MP4",
        "C0001.MP4",
        "20200630_112759abc.jpg",
        "٢٠٢٠٠٦٣٠_112759.jpg",
        "",
    ],
)
def test_other_digits_are_no_date(name: str) -> None:
    assert name_date(name) is None


@pytest.mark.parametrize("clock", ["246000", "112760", "116059"])
def test_a_time_that_no_clock_shows_leaves_the_day(clock: str) -> None:
    assert name_date(f"IMG_20200630_{clock}.jpg") == NameDate("2020-06-30", is_utc=False)
    assert name_date(f"20200630_{clock}.jpg") is None


@pytest.mark.parametrize("clock", ["13.27.59 PM", "0.27.59 AM", "00.27.59 PM"])
def test_half_a_day_has_twelve_hours(clock: str) -> None:
    assert name_date(f"Screenshot 2020-06-30 at {clock}.png") == NameDate("2020-06-30", is_utc=False)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),  # noqa: DTZ001
    st.sampled_from(
        [
            "IMG_%Y%m%d_%H%M%S.jpg",
            "%Y%m%d_%H%M%S.heic",
            "DJI_%Y%m%d%H%M%S_0001_D.MP4",
            "Screenshot_%Y-%m-%d-%H-%M-%S.png",
            "%Y-%m-%d %H.%M.%S.jpg",
            "Screenshot %Y-%m-%d at %I.%M.%S %p.png",
            "signal-%Y-%m-%d-%H%M%S.jpg",
            "WIN_%Y%m%d_%H_%M_%S_Pro.jpg",
        ]
    ),
)
def test_every_moment_is_read_as_it_was_written(moment: datetime, form: str) -> None:
    assert name_date(moment.strftime(form)) == NameDate(
        moment.replace(microsecond=0).isoformat(), is_utc=False
    )


@unhurried
@given(file_names)
def test_no_name_is_too_much(name: str) -> None:
    found = name_date(name)

    if found:
        assert 1990 <= date.fromisoformat(found.local[:10]).year <= 2100


@given(st.text("0123456789_-. IMGPXLatTZ", max_size=60))
def test_what_is_found_is_a_date(name: str) -> None:
    found = name_date(name)

    if found:
        assert 1990 <= datetime.fromisoformat(found.local).year <= 2100
