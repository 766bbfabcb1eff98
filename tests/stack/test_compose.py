"""docker-compose.yml and the Dockerfile run the very commands of `make run`."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import postgres, processes

ROOT = Path(__file__).parents[2]
WEB = processes.web(host="0.0.0.0", port=8000)
COMMANDS = {
    "postgres": ("postgres", *(word for pair in postgres.TUNING.items() for word in ("-c", "=".join(pair)))),
    "migrate": processes.migrate(),
    "web": WEB,
    "worker": processes.worker(),
    "beat": processes.beat(schedule="/tmp/beat-schedule"),
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_the_parts_are_those_of_the_design(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "beat"}


@pytest.mark.parametrize("service", COMMANDS)
def test_a_service_runs_what_make_run_runs(services: dict[str, Any], service: str) -> None:
    assert tuple(services[service]["command"]) == COMMANDS[service]


@pytest.mark.parametrize("service", ["postgres", "redis", "web", "worker", "beat"])
def test_every_lasting_service_tells_its_health(services: dict[str, Any], service: str) -> None:
    assert services[service]["healthcheck"]["test"]


def test_the_image_starts_the_web_process() -> None:
    (command,) = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert tuple(json.loads(command)) == WEB


def test_docker_compose_accepts_the_file() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("docker-compose is missing, and CI is set")
        pytest.skip("docker-compose is not installed: the file was not validated")
    secrets = {"MUSTER_SECRET_KEY": "x", "MUSTER_DELIVERY_KEY": "z" * 32, "POSTGRES_PASSWORD": "y"}
    done = subprocess.run(
        [program, "config", "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **secrets},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services["worker"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["web"]["ports"][0]["host_ip"] == "127.0.0.1"
