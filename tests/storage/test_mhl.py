"""What an ASC MHL history is written with: text in XML, C4 ids, generations, the chain."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.storage.mhl.c4 import c4_id
from cardcat.storage.mhl.chain import Link, extended, read_chain
from cardcat.storage.mhl.hashlist import IGNORED, HashedFile, Heading, read_head, written
from cardcat.storage.mhl.xml import Reader, can_hold, escaped

Golden = Callable[[str, str], None]

NOON = 1_714_557_600  # 2024-05-01T10:00:00Z
MANIFEST = "SHA256SUMS-20240501T100000Z-7"
HEADING = Heading(NOON, "studio <1>", "0.1.0", MANIFEST)
LINK = Link(1, "0001_Archive_2024-05-01_100000Z.mhl", "c4" + "1" * 88)
OTHER = Link(2, "0002_Ärchive & more_2024-05-02_100000Z.mhl", "c4" + "2" * 88)


def file(path: str, **changes: Any) -> HashedFile:
    values: dict[str, Any] = {
        "path": path,
        "size": 1,
        "mtime_ns": NOON * 10**9,
        "xxh3": "a" * 32,
        "sha256": "b" * 64,
    }
    return HashedFile(**(values | {"hashed_at": NOON + 1} | changes))


class Texts(Reader):
    """The texts of the elements called *wanted*."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted, self.found = wanted, list[str]()

    def ended(self, name: str, text: str) -> None:
        if name == self.wanted:
            self.found.append(text)


def texts(document: bytes, wanted: str) -> list[str]:
    reader = Texts(wanted)
    reader.feed(document, is_last=True)
    return reader.found


@pytest.mark.parametrize("content", [b"", b"a", bytes(64), b"\xff" * 1000])
def test_c4_ids_are_those_of_the_tool(content: bytes) -> None:
    hasher = importlib.import_module("ascmhl.hasher")
    assert c4_id(hashlib.sha512(content).digest()) == hasher.hash_data(content, "c4")


@pytest.mark.parametrize("number", [0, 1, 57, 58, 2**512 - 1])
def test_a_c4_id_of_any_number_has_ninety_characters(number: int) -> None:
    hasher = importlib.import_module("ascmhl.hasher")
    found = c4_id(number.to_bytes(64, "big"))
    assert len(found) == 90
    assert hasher.C4.bytes_from_string_digest(found) == number.to_bytes(64, "big")


def test_the_hash_of_a_generation_is_the_one_that_a_read_back_compares() -> None:
    xxhash = importlib.import_module("xxhash")
    hasher = importlib.import_module("ascmhl.hasher")
    assert hasher.hash_data(b"abc", "xxh128") == xxhash.xxh3_128_hexdigest(b"abc")


@pytest.mark.parametrize(
    "name",
    ["\0", "\x01", "\x0b", "\x0c", "\x1b[31m", "\x1f", "\ufffe", "\uffff", "\ud800", "a\udcffb"],
)
def test_what_xml_has_no_way_to_write_is_known(name: str) -> None:
    assert not can_hold(name)


@given(st.text())
def test_any_text_that_xml_can_hold_comes_back(text: str) -> None:
    if can_hold(text):
        document = f'<a b="{escaped(text)}"><c>{escaped(text)}</c></a>'.encode()
        assert texts(document, "c") == [text]


def test_a_generation_as_it_is_written(golden: Golden) -> None:
    files = [
        file("2024/2024-05-01/IMG_0001.CR3", size=30_000_000, mtime_ns=NOON * 10**9 + 999),
        file(" <&>\"'\t\r\n ", size=0, hashed_at=None),
        file("año/写真.jpg", mtime_ns=-(1 << 62)),
        file("last", mtime_ns=-1),
    ]
    golden("mhl/generation.mhl", b"".join(written(HEADING, files)).decode())


def test_every_path_is_read_as_it_was_written() -> None:
    paths = ["plain", " led by a space", "followed by one ", "\t", "\r\n", "a\u0085b\u2028c", "]]>", "&amp;"]
    document = b"".join(written(HEADING, map(file, paths)))
    assert texts(document, "path") == paths


def test_the_head_of_a_generation_is_read_again() -> None:
    head = read_head(b"".join(written(HEADING, [file("a")])))
    assert (head.ignored, head.manifest) == (IGNORED, MANIFEST)


def test_the_head_is_all_that_is_read_of_a_generation() -> None:
    pieces = written(HEADING, [file("a")])
    assert read_head(next(pieces) + b"  <hash><damaged").manifest == MANIFEST


@pytest.mark.parametrize(
    "content",
    [b"", b"no xml", b"<hashlist>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><hashlist/>", b"<a>" * 1000, b"\xff\xfe"],
)
def test_what_has_no_head_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="it"):
        read_head(content)


def test_a_first_chain(golden: Golden) -> None:
    golden("mhl/chain.xml", extended(None, [LINK, OTHER]).decode())


def test_a_chain_keeps_every_byte_that_it_has() -> None:
    foreign = (
        b"<?xml version='1.0' encoding='utf-8' standalone='yes'?><!-- mine -->\r\n"
        b'<m:ascmhldirectory xmlns:m="urn:ASC:MHL:DIRECTORY:v2.0" xmlns:x="urn:x"><x:note>kept</x:note>'
        b'<m:hashlist sequencenr="1"><m:path>0001_a.mhl</m:path><m:c4>c41</m:c4></m:hashlist>'
        b"</m:ascmhldirectory >\n<!-- the end -->"
    )
    after = extended(foreign, [OTHER])
    assert read_chain(after) == [Link(1, "0001_a.mhl", "c41"), OTHER]
    start = foreign.index(b"</m:ascmhldirectory")
    assert (after[:start], after[-len(foreign[start:]) :]) == (foreign[:start], foreign[start:])


SPACE = b'xmlns="urn:ASC:MHL:DIRECTORY:v2.0"'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<ascmhldirectory " + SPACE + b">",
        b"<ascmhldirectory " + SPACE + b"/>",
        b"<ascmhldirectory></ascmhldirectory>",
        b"<other " + SPACE + b"></other>",
        b"<ascmhldirectory "
        + SPACE
        + b"><!-- </ascmhldirectory> --></ascmhldirectory><!-- </ascmhldirectory> -->",
        b"<!DOCTYPE x><ascmhldirectory " + SPACE + b"></ascmhldirectory>",
        b"<?xml version='1.0' encoding='latin-1'?><ascmhldirectory " + SPACE + b"></ascmhldirectory>",
        b"<ascmhldirectory " + SPACE + b">\xff</ascmhldirectory>",
        b"<ascmhldirectory " + SPACE + b">" + b"<a>" * 1000,
    ],
)
def test_a_chain_that_cannot_be_continued_is_known(content: bytes) -> None:
    with pytest.raises(ValueError, match="it"):
        extended(content, [LINK])


def test_a_chain_of_many_blanks_is_read_in_one_go() -> None:
    """Whoever looks again at each blank for what may follow it never comes to an end."""
    content = b"<ascmhldirectory " + SPACE + b">" + b" " * (1 << 20) + b"</ascmhldirectory>"
    assert read_chain(extended(content, [LINK])) == [LINK]


@pytest.mark.parametrize("number", [b"", b"one", b"-5", b"9" * 4000])
def test_a_number_that_is_none_harms_nobody(number: bytes) -> None:
    content = b"<ascmhldirectory %s><hashlist sequencenr='%s'/></ascmhldirectory>" % (SPACE, number)
    assert read_chain(content) == [Link(0, "", "")]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_chain_or_none(content: bytes) -> None:
    for read in (read_chain, read_head):
        try:
            read(content)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        (b'<b c="%s"/>' % (b"x" * 400_000), "too long"),
        (b"<b %s/>" % b" ".join(b'c%d=""' % number for number in range(50_000)), "too long"),
        (b"<!--%s-->" % (b"x" * 400_000), "too long"),
        (b"<?%s?>" % (b"x" * 400_000), "too long"),
        (b"".join(b"<b%d/>" % number for number in range(2_000)), "too many names"),
        (b"".join(b'<b c%d=""/>' % number for number in range(2_000)), "too many names"),
        (b"".join(b'<b xmlns:c%d="d"/>' % number for number in range(2_000)), "too many names"),
        (b"".join(b'<b xmlns="%d"/>' % number for number in range(2_000)), "too many names"),
    ],
)
def test_what_the_parser_would_hold_on_to_is_not_read_to_its_end(inside: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Reader().feed(b"<a>" + inside + b"</a>" + b" " * (1 << 20), is_last=True)


def test_what_it_lets_go_of_may_be_long() -> None:
    document = b"<a>" + b"<b c='d'>e</b> <!--f-->" * 50_000 + b"<b>" + b"x" * 500_000 + b"</b></a>"
    assert len(texts(document + b" " * 500_000, "b")) == 50_001


def test_a_document_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardcat.storage.mhl.xml._LARGEST", 1_000_000)
    reader = Reader()
    reader.feed(b"<a>")
    with pytest.raises(ValueError, match="too large"):
        reader.feed(b"<b/>" * 300_000)


def test_a_chain_of_more_generations_than_there_can_be_is_none() -> None:
    end = b"</ascmhldirectory>"
    with pytest.raises(ValueError, match="too many"):
        read_chain(extended(None, [LINK]).replace(end, b"<hashlist/>" * 60_000 + end))
