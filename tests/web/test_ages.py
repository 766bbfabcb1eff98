"""Ages are written by the server and counted on by the browser, in the same words."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from web import ages, units

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = [*range(130), 7_199.9, 7_200, 86_400, 172_799, 172_800, 4e6, 4e8, 0.4, 0.999, -3]


def in_the_browser(form):
    """What `static/js/ages.js` makes of the seconds, run by node."""
    node = shutil.which("node", path=str(Path(".venv/bin").resolve())) or shutil.which("node")
    assert node is not None, "node comes with the Python packages of Muster"
    module = (Path(__file__).parents[2] / "static" / "js" / "ages.js").as_uri()
    program = (
        f"import {{ ageText }} from {json.dumps(module)};"
        f"process.stdout.write(JSON.stringify({json.dumps(SECONDS)}.map((each) => ageText(each, '{form}'))));"
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


def test_what_never_was_counts_nothing():
    assert ages.ago(None, now=NOW) == "never"
    assert ages.old(None, None) == ""
