"""Ages are written by the server and counted on by the browser, in the same words."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from web import ages, units

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = [*range(130), 7_199.9, 7_200, 86_400, 172_799, 172_800, 4e6, 4e8, 0.4, 0.999, -3]


def in_the_browser(form):
    """The ages that `static/js/ages.js` makes of the seconds."""
    return run_module("ages.js", f"{json.dumps(SECONDS)}.map((each) => module.ageText(each, '{form}'))")


def run_module(name, expression):
    """What an expression of a module of `static/js` gives, run by node."""
    node = shutil.which("node", path=str(Path(".venv/bin").resolve())) or shutil.which("node")
    assert node is not None, "node comes with the Python packages of Muster"
    module = (Path(__file__).parents[2] / "static" / "js" / name).as_uri()
    program = (
        f"import * as module from {json.dumps(module)};process.stdout.write(JSON.stringify({expression}));"
    )
    ran = subprocess.run(
        [node, "--input-type=module", "-e", program], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(ran.stdout)


def test_the_browser_says_an_age_as_the_server_does():
    assert in_the_browser("ago") == [units.age(NOW - timedelta(seconds=each), now=NOW) for each in SECONDS]
    assert in_the_browser("span") == [units.duration(each) for each in SECONDS]


@pytest.mark.parametrize(
    ("shown", "form", "text"),
    [
        (ages.ago(NOW - timedelta(minutes=3), now=NOW), "ago", "3 min ago"),
        (ages.old(NOW - timedelta(hours=5), 5 * 3600), "span", "5 h"),
    ],
)
def test_an_age_says_since_when_it_counts(shown, form, text):
    since = NOW - timedelta(seconds=180 if form == "ago" else 5 * 3600)
    assert f'data-age="{form}" datetime="{since:%Y-%m-%dT%H:%M:%SZ}"' in shown
    assert shown.endswith(f">{text}</time>")


@pytest.mark.parametrize(
    ("ahead_ms", "skew_ms"),
    [(3_600_000, 3_600_000), (1500, 0), (-3_600_000, 0)],
    ids=["slow browser", "alike", "fast browser or old page"],
)
def test_a_page_tells_how_far_the_clock_of_the_browser_is_behind(ahead_ms, skew_ms):
    assert run_module("ages.js", f"module.skewAtLoad({ahead_ms} + 1e12, 1e12)") == skew_ms


@pytest.mark.django_db
def test_a_page_has_the_instant_it_was_made_at(client_of, frozen_now):
    page = client_of("viewer").get("/fleet/").content.decode()
    [instant] = re.findall(r'<body [^>]*data-now="([^"]+)"', page)
    assert datetime.fromisoformat(instant) == frozen_now.at.replace(microsecond=0)


def test_moments_are_drawn_in_the_zone_of_the_page_on_either_axis():
    figure = {
        "data": [{"x": [0, 60_000], "y": [0, None]}, {"x": [0], "y": [5], "yaxis": "y2"}],
        "layout": {
            "xaxis": {"type": "date", "range": [0, 60_000]},
            "yaxis": {"type": "date"},
            "yaxis2": {},
            "shapes": [{"xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0}],
        },
    }
    drawn = run_module("zone.js", f"module.inZone({json.dumps(figure)}, 'Asia/Tokyo')")
    at = "1970-01-01T09:00:00.000"
    assert drawn["data"][0] == {"x": [at, "1970-01-01T09:01:00.000"], "y": [at, None]}
    assert drawn["data"][1] == {"x": [at], "y": [5], "yaxis": "y2"}
    assert drawn["layout"]["xaxis"]["range"] == [at, "1970-01-01T09:01:00.000"]
    assert drawn["layout"]["yaxis"]["hoverformat"] == "%-d %b %Y %H:%M Asia/Tokyo"
    assert drawn["layout"]["shapes"] == [{"xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at}]


def test_what_never_was_counts_nothing():
    assert ages.ago(None, now=NOW) == "never"
    assert ages.old(None, None) == ""
