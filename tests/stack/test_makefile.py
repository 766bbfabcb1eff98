"""The targets people and CI call."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def planned(*words: str) -> str:
    """What make would run, without running it. The make that runs the tests passes its variables on."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    done = subprocess.run(
        ["make", "--dry-run", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("run",), "stack/bootstrap base -m stack --end-with-parent run"),
        (("stop",), "stack/bootstrap base -m stack stop"),
        (("backup", "args=--dump"), "stack/bootstrap base -m stack backup --dump"),
        (("restore", "file=a b.backup"), 'stack/bootstrap base -m stack restore "a b.backup"'),
        (
            ("restore", "file=/safe", "at=2026-12-02T10:00Z"),
            '-m stack restore "/safe" --at "2026-12-02T10:00Z"',
        ),
        (("verify-backup", "file=a.backup"), 'stack/bootstrap base -m stack verify-backup "a.backup"'),
        (("rotate-keys",), "stack/bootstrap base -m stack rotate-keys"),
        (("upgrade", "args=--plan"), "stack/bootstrap base -m stack upgrade --plan"),
        (("manage", "args=create_token --user ada"), "-m stack manage create_token --user ada"),
        (("test",), 'stack/bootstrap dev -m pytest -n 2 --dist worksteal -m "not peers and not full"'),
        (("test", "args=tests/stack -k port"), 'and not full" tests/stack -k port'),
        (("test-all", "args=tests/stack"), "stack/bootstrap dev -m pytest -n 2 --dist worksteal tests/stack"),
        (("test-changed", "base=HEAD~3"), "stack/bootstrap dev -m tests.changed HEAD~3 -n 2"),
        (
            ("test-peers",),
            "-m pytest -n 6 -p tests.peers.scheduling --dist loadfile --no-loadscope-reorder",
        ),
        (("sbom",), 'stack/bootstrap dev -m release sbom "var/release"'),
        (("sbom", "folder=/tmp/a b"), '-m release sbom "/tmp/a b"'),
        (("audit",), "stack/bootstrap dev -m release audit"),
        (("check-licences",), ".venv/bin/python -m release licences"),
        (("bench", "ingest"), "stack/bootstrap dev -m benchmarks ingest"),
        (("bench", "name=score"), "stack/bootstrap dev -m benchmarks score"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_target_runs(words: tuple[str, ...], command: str) -> None:
    assert command in planned(*words)


def test_help_names_every_target_for_people() -> None:
    help_text = planned("help")
    targets = ("run", "stop", "manage", "upgrade", "demo-reset", "check", "bench", "setup", "sbom", "audit")
    for target in (*targets, "test", "test-all", "test-changed", "test-peers"):
        assert f'"make {target} ' in help_text


def test_ci_runs_checks_tests_and_peers() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for line in (
        'run peers test-peers ""\n',
        "make check >",
        '"$failed check"\n',
        '"$failed test-all"\n',
        '"$failed audit"\n',
    ):
        assert line in script
    # Both together are all of them.
    for part in ("none", "only"):
        assert f'test-all "--ignore=tests/architecture --patient={part}"' in script
    for package in ("chromium", "prometheus", "prometheus-node-exporter", "docker-compose"):
        assert package in script
