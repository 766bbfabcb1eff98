"""Search terms are read from the words that a user typed."""

import pytest

from web.search import LONGEST, SearchQuery, read


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        pytest.param("dublin", SearchQuery("dublin"), id="a word"),
        pytest.param("  dub   lin ", SearchQuery("dub lin"), id="blanks"),
        pytest.param("", SearchQuery(""), id="nothing"),
        pytest.param("in:sites dub", SearchQuery("dub", "sites"), id="scope first"),
        pytest.param("dub in:sites", SearchQuery("dub", "sites"), id="scope last"),
        pytest.param("a in:sites b", SearchQuery("a b", "sites"), id="scope between"),
        pytest.param("in:sites", SearchQuery("", "sites"), id="scope alone"),
        pytest.param("in: dub", SearchQuery("dub"), id="scope unnamed"),
        pytest.param("IN:sites", SearchQuery("IN:sites"), id="only small letters scope"),
        pytest.param("in:Sites dub", SearchQuery("dub", "sites"), id="scope in capitals"),
        pytest.param("in:sites in:checks dub", SearchQuery("dub", "checks"), id="the last scope counts"),
        pytest.param("in:device-types h200", SearchQuery("h200", "device-types"), id="hyphen"),
        pytest.param("admin:sites", SearchQuery("admin:sites"), id="no scope within a word"),
        pytest.param("in:sites/../x", SearchQuery("in:sites/../x"), id="no name"),
        pytest.param("a\x00b", SearchQuery("a b"), id="null byte"),
        pytest.param("a\r\n\tb\u2028c", SearchQuery("a b c"), id="line ends"),
        pytest.param("\x00", SearchQuery(""), id="nothing but a null byte"),
        pytest.param("100% _x\\", SearchQuery("100% _x\\"), id="wildcards are letters"),
        pytest.param("x" * 100_000, SearchQuery("x" * LONGEST), id="very long"),
    ],
)
def test_read(typed, wanted):
    assert read(typed) == wanted
