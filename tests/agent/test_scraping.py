"""A scrape gives samples with the target's labels, figures of the target itself, and stale markers."""

import gzip
import math

import pytest

from agent.client import HttpReply, NoReply
from agent.scraping import Scraper
from agent.targets import targets_of_job
from telemetry.core.labels import KeyCache, labels_of
from tests.agent.servers import settings_of

AT_MS = 1_795_500_000_000
TEXT = b'# HELP a ...\na 1\nb{instance="own",job="own",empty=""} 2\nc 3 %d\n' % (AT_MS - 1000)


@pytest.fixture
def scraper_of(tmp_path):
    def make(**job):
        job = {"name": "node", "targets": ["gpu-01:9100"], "labels": {"rack": "R1"}} | job
        settings = settings_of(
            tmp_path, jobs=[job], labels={"site": "porto", "rack": "never"}, limits={"samples": 5}
        )
        [target] = targets_of_job(settings.jobs[0])
        return Scraper(target, settings, KeyCache())

    return make


def reply_of(body, status=200, content_type="text/plain; version=0.0.4", **headers):
    return HttpReply(status, {"content-type": content_type, **headers}, body)


def scrape(scraper, reply, at_ms=AT_MS):
    return scraper.outcome(reply, started_ms=at_ms, duration_s=0.25)


def values(batch):
    """{name: (labels, ms, value)}; the value of a stale marker is None."""
    rows = zip(batch.keys, batch.times_ms, batch.values, strict=True)
    samples = [(labels_of(key), at_ms, None if math.isnan(value) else value) for key, at_ms, value in rows]
    return {labels.pop("__name__"): (labels, at_ms, value) for labels, at_ms, value in samples}


TARGET = {"instance": "gpu-01:9100", "job": "node", "rack": "R1", "site": "porto"}


def test_samples_have_the_labels_of_their_target(scraper_of):
    outcome = scrape(scraper_of(), reply_of(TEXT))
    assert (outcome.fault, outcome.refused) == ("", {})
    assert values(outcome.batch) == {
        "a": (TARGET, AT_MS, 1.0),
        "b": (TARGET | {"exported_instance": "own", "exported_job": "own"}, AT_MS, 2.0),
        "c": (TARGET, AT_MS - 1000, 3.0),
        "up": (TARGET, AT_MS, 1.0),
        "scrape_duration_seconds": (TARGET, AT_MS, 0.25),
        "scrape_samples_scraped": (TARGET, AT_MS, 3.0),
    }


def test_a_target_may_speak_for_others(scraper_of):
    samples = values(scrape(scraper_of(honor_labels=True), reply_of(TEXT)).batch)
    assert samples["b"][0] == TARGET | {"instance": "own", "job": "own"}
    assert samples["up"][0] == TARGET


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (NoReply("Connection refused"), "Connection refused"),
        (reply_of(b"a 1\n", status=503), "the answer is 503"),
        (reply_of(b"a 1\n", status=301), "the answer is 301"),
        (reply_of(b"<html>", content_type="text/html"), "'text/html' is not that of metrics"),
        (reply_of(b"a 1\n", content_type="application/openmetrics-text"), "no # EOF at the end"),
        (reply_of(b"a 1\n", content_type="application/openmetrics-text; version=2.0.0"), "version 2.0.0"),
        (reply_of(b"a 1\n", **{"content-encoding": "br"}), "Content-Encoding 'br'"),
        (reply_of(b"a 1\n", **{"content-encoding": "gzip"}), "not the compression"),
        (reply_of(gzip.compress(b"#" * (17 << 20)), **{"content-encoding": "gzip"}), "once decompressed"),
        (reply_of(b"".join(b"a%d 1\n" % n for n in range(6))), "more than 5 series"),
        (reply_of(b""), "empty body"),
    ],
)
def test_a_failed_scrape_is_down_and_ends_the_series(scraper_of, reply, fault):
    scraper = scraper_of()
    scrape(scraper, reply_of(TEXT))
    outcome = scrape(scraper, reply, AT_MS + 15_000)
    assert fault in outcome.fault
    assert {name: value for name, (_, _, value) in values(outcome.batch).items()} == {
        # What states a time of its own has no end.
        "a": None,
        "b": None,
        "up": 0.0,
        "scrape_duration_seconds": 0.25,
        "scrape_samples_scraped": 0.0,
    }


def test_a_series_that_is_missing_ends_once(scraper_of):
    scraper = scraper_of()
    scrape(scraper, reply_of(b"a 1\nd 4\n"))
    second = values(scrape(scraper, reply_of(b"a 2\n"), AT_MS + 15_000).batch)
    assert (second["a"][2], second["d"][1:]) == (2.0, (AT_MS + 15_000, None))
    assert "d" not in values(scrape(scraper, reply_of(b"a 3\n"), AT_MS + 30_000).batch)
    ends = values(scraper.end(AT_MS + 45_000))
    assert {name: value for name, (_, _, value) in ends.items()} == dict.fromkeys(
        ("a", "up", "scrape_duration_seconds", "scrape_samples_scraped")
    )


def test_lines_that_are_no_samples_are_counted_and_cost_no_other(scraper_of):
    outcome = scrape(scraper_of(), reply_of(b"a 1\nb yes\nc\n"))
    samples = values(outcome.batch)
    assert (samples["a"][2], samples["up"][2], samples["scrape_samples_scraped"][2]) == (1.0, 1.0, 1.0)
    assert outcome.refused == {"bad_line": 2}
    assert outcome.example.startswith("line 2: no number: yes")
