"""What is in Valkey is read as values, and never as code."""

import pickle

import pytest
from django.core.cache import cache


class Runs:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


def test_values_come_back():
    cache.set("counted", 3)
    assert cache.incr("counted") == 4
    cache.set("told", {"names": ["a", "b"], "at": None})
    assert (cache.get("counted"), cache.get("told")) == (4, {"names": ["a", "b"], "at": None})


def test_what_somebody_else_wrote_counts_as_missing():
    cache.set("planted", 1)
    client = cache._cache.get_client()
    client.set(cache.make_and_validate_key("planted"), pickle.dumps(Runs()))
    assert cache.get("planted") is None
