"""Processes keep what they load for as long as Muster runs, so none loads a library that it seldom needs."""

import subprocess
import sys

import pytest


@pytest.mark.full
@pytest.mark.parametrize(
    ("loading", "left_out"),
    [
        pytest.param("import stack.__main__", ("psycopg", "django"), id="launcher"),
        pytest.param("import config.beat", ("django.db", "prompt_toolkit", "numpy"), id="beat"),
        pytest.param(
            "from config.worker import app; app.loader.init_worker(); app.finalize()",
            (
                *(
                    "config.urls",
                    "web.kinds.importing",
                    "readiness.demo.operations",
                    "rest_framework.serializers",
                ),
                *(
                    "plotly",
                    "highspy",
                    "icalendar",
                    "google.protobuf",
                    "prompt_toolkit",
                    "markdown",
                    "requests",
                ),
            ),
            id="worker",
        ),
        pytest.param(
            "import config.asgi",
            (
                *(
                    "celery.bin",
                    "cryptography.hazmat",
                    "fido2",
                    "highspy",
                    "icalendar",
                    "jwt",
                    "reportlab",
                    "segno",
                ),
                *("web.migrations.0001_initial", "readiness.demo.operations"),
            ),
            id="web",
        ),
    ],
)
def test_a_process_leaves_out_what_it_does_not_need(loading: str, left_out: tuple[str, ...]) -> None:
    source = f"{loading}; import sys; print(*(set({left_out!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []
