"""What may be lost: kept while the cache holds, worked out again without it."""

import sys
from datetime import timedelta

from web.remembering import recall, remember

MINUTE = timedelta(minutes=1)


def test_what_is_remembered_is_recalled_and_nothing_else():
    remember({"a": (1, 2.5), "b": "two"}, for_=MINUTE)
    assert recall(["a", "c"]) == {"a": (1, 2.5)}


class OfTheLastRelease:
    """Its values are in the cache still when the next release has no such class."""

    at = 1


def test_what_an_earlier_release_wrote_is_lost_and_nothing_fails(monkeypatch, caplog):
    remember({"a": OfTheLastRelease()}, for_=MINUTE)
    assert recall(["a"])["a"].at == 1
    monkeypatch.delattr(sys.modules[__name__], "OfTheLastRelease")
    assert recall(["a"]) == {}
    assert "cannot be read" in caplog.text


def test_without_a_cache_nothing_is_recalled_and_nothing_fails(without_cache, caplog):
    remember({"a": 1}, for_=MINUTE)
    assert recall(["a"]) == {}
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "The cache cannot be written",
        "The cache cannot be read",
    ]
