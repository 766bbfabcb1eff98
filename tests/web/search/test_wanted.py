"""What is made of the words typed."""

import pytest

from web.search import LONGEST, Wanted, read


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        pytest.param("dublin", Wanted("dublin"), id="a word"),
        pytest.param("  dub   lin ", Wanted("dub lin"), id="blanks"),
        pytest.param("", Wanted(""), id="nothing"),
        pytest.param("in:sites dub", Wanted("dub", "sites"), id="scope first"),
        pytest.param("dub in:sites", Wanted("dub", "sites"), id="scope last"),
        pytest.param("a in:sites b", Wanted("a b", "sites"), id="scope between"),
        pytest.param("in:sites", Wanted("", "sites"), id="scope alone"),
        pytest.param("in: dub", Wanted("dub"), id="scope unnamed"),
        pytest.param("IN:sites", Wanted("IN:sites"), id="only small letters scope"),
        pytest.param("in:Sites dub", Wanted("dub", "sites"), id="scope in capitals"),
        pytest.param("in:sites in:checks dub", Wanted("dub", "checks"), id="the last scope counts"),
        pytest.param("in:device-types h200", Wanted("h200", "device-types"), id="hyphen"),
        pytest.param("admin:sites", Wanted("admin:sites"), id="no scope within a word"),
        pytest.param("in:sites/../x", Wanted("in:sites/../x"), id="no name"),
        pytest.param("a\x00b", Wanted("a b"), id="null byte"),
        pytest.param("a\r\n\tb\u2028c", Wanted("a b c"), id="line ends"),
        pytest.param("\x00", Wanted(""), id="nothing but a null byte"),
        pytest.param("100% _x\\", Wanted("100% _x\\"), id="wildcards are letters"),
        pytest.param("x" * 100_000, Wanted("x" * LONGEST), id="very long"),
    ],
)
def test_read(typed, wanted):
    assert read(typed) == wanted
