"""The demo runs on each store: questions about a past minute are answered by Debian's Prometheus and VictoriaMetrics as
by PostgreSQL, and pages open.
"""

import math
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from tests.peers.launched import Launched
from tests.peers.standing import ROOT
from tests.peers.storages import STORAGES, TOLERANCES, StorageProgram

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

STEP_S, SPAN_S = 60, 900
# Later than that nothing arrives.
LATEST_S = 180
SITES, METRICS = 3, 10
PAGES = ("/", "/sites/", "/telemetry/", "/problems/")
GAUGES, COUNTERS = ("avg", "min", "max", "last", "count"), ("increase", "rate")
# Minutes from now at which what is there is sealed and forwarded, then read back and dropped.
RUNS = ((6, 7), (70, 71))
FORWARD = """
from datetime import timedelta
from django.conf import settings
from telemetry.store import forwarding
from web import clock
for minutes in {minutes}:
    forwarding.forward_due(settings.TELEMETRY_STORE, now=clock.now() + timedelta(minutes=minutes), budget_s=60)
"""


@pytest.fixture
def folder():
    """Unlike those of pytest, the account of a PostgreSQL of its own reaches it."""
    folder = Path(tempfile.mkdtemp(prefix="muster-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def loaded(programs, folder):
    """A Muster with the demo, whose own PostgreSQL has all samples."""
    muster = Launched(ROOT, folder / "data", programs, MUSTER_DEMO="1")
    muster.start()
    muster.sign_in()
    muster.leave_out_past_of_demo()
    yield muster
    muster.stop()


def questions(muster):
    """Questions about a span of time into which nothing arrives any more, with metrics of every kind."""
    end_s = int(time.time() - LATEST_S) // STEP_S * STEP_S
    for site in muster.get("/api/inventory/sites/", limit=SITES, ordering="id")["results"]:
        series = muster.get("/api/telemetry/series/", site=site["slug"], limit=1000)["results"]
        kinds = {each["metric"]: each["kind"]["value"] for each in series}
        for metric in sorted(kinds)[:: max(len(kinds) // METRICS, 1)]:
            for aggregation in COUNTERS if kinds[metric] == "counter" else GAUGES:
                yield {
                    "metric": metric,
                    "site": site["slug"],
                    "aggregation": aggregation,
                    "start": (end_s - SPAN_S) * 1000,
                    "end": end_s * 1000,
                    "step": f"{STEP_S}s",
                }


def ask_all(muster, asked):
    """{(question, labels, ms): value}; a pause is NaN."""
    return {
        (number, str(sorted(line["labels"].items())), at_ms): math.nan if value is None else value
        for number, question in enumerate(asked)
        for line in muster.get("/api/telemetry/query/", **question)["series"]
        for at_ms, value in line["points"]
    }


def differences(answers, expected, *, tolerance):
    """The first of what is not the same."""
    return [
        (*key, expected.get(key), answers.get(key))
        for key in sorted(expected.keys() | answers.keys())
        if key not in answers
        or key not in expected
        or not np.isclose(answers[key], expected[key], rtol=tolerance, atol=0, equal_nan=True)
    ][:5]


def begin_again(muster, base, storage):
    """Start a Muster on a copy of the data with which the first one stopped, and on this store."""
    muster.stop()
    shutil.rmtree(muster.data)
    subprocess.run(["cp", "--archive", base, muster.data], check=True)
    muster.environment["MUSTER_TELEMETRY_STORE"] = storage.setting
    muster.launch()
    for minutes in RUNS:
        muster.manage("shell", "-c", FORWARD.format(minutes=minutes))
        storage.flush()


def test_the_demo_answers_the_same_on_each_store(loaded, peer, programs, folder, tmp_path, figures):
    muster, base = loaded, folder / "base"
    demo_questions = list(questions(muster))
    expected = ask_all(muster, demo_questions)
    assert len(expected) > len(demo_questions)
    muster.stop()
    subprocess.run(["cp", "--archive", muster.data, base], check=True)
    for kind in STORAGES:
        storage = StorageProgram(kind, programs, tmp_path, find=peer)
        begin_again(muster, base, storage)
        answers = ask_all(muster, demo_questions)
        figures.append(f"demo on {kind}: {len(demo_questions)} questions, {len(expected):,} values")
        assert differences(answers, expected, tolerance=TOLERANCES[kind]) == []
        for path in PAGES:
            assert muster.page(path)
        # They did come from there.
        storage.kill()
        with pytest.raises(AssertionError, match="503"):
            ask_all(muster, demo_questions[:1])
