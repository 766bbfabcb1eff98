"""docker-compose.yml and the Dockerfile run the commands of `make run`, and no service may do more than its work."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from config import env
from stack import postgres, processes

ROOT = Path(__file__).parents[2]
WEB = processes.web(host="0.0.0.0", port=8000)
POSTGRES = ("postgres", *(word for pair in postgres.TUNING.items() for word in ("-c", "=".join(pair))))
COMMANDS = {
    "postgres": POSTGRES,
    "web": WEB,
    "worker": processes.worker(),
    "beat": processes.beat(state="/tmp/beat-state"),
}
LASTING = {"proxy", "postgres", "redis", "web", "worker", "beat"}
FILES = {"plain": (), "tls": ("deploy/compose/tls.yml",)}
VALUES = {
    "MUSTER_SECRET_KEY": "x",
    "MUSTER_DELIVERY_KEY": "z" * 32,
    **{f"{who}_PASSWORD": who.lower() for who in ("POSTGRES", "OWNER", "WEB", "WORKER", "VALKEY")},
    "TLS_FOLDER": "/etc/muster",
    "MUSTER_ALLOWED_HOSTS": "muster.example.com",
    "MUSTER_BASE_URL": "https://muster.example.com",
}


def compose(*files: str, folder: Path = ROOT, **values: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("docker-compose")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("docker-compose is missing, and CI is set")
        pytest.skip("docker-compose is not installed: the file was not validated")
    argv = [program, *(f"--file={name}" for name in ("docker-compose.yml", *files)), "--profile=backup"]
    return subprocess.run(
        [*argv, "config", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **values},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module", params=FILES)
def configuration(request: pytest.FixtureRequest) -> dict[str, Any]:
    done = compose(*FILES[request.param], **VALUES)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.fixture
def services(configuration: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = configuration["services"]
    return read


def test_the_parts_are_those_of_the_design(services: dict[str, Any]) -> None:
    assert set(services) == LASTING | {"migrate", "backup"}


@pytest.mark.parametrize("service", COMMANDS)
def test_a_service_runs_what_make_run_runs(services: dict[str, Any], service: str) -> None:
    assert tuple(services[service]["command"])[: len(COMMANDS[service])] == COMMANDS[service]


def test_the_owner_migrates_and_grants(services: dict[str, Any]) -> None:
    migrate = " ".join(processes.migrate())
    assert services["migrate"]["command"] == ["sh", "-c", f"{migrate} && python manage.py grant_roles"]
    assert services["worker"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_image_starts_the_web_process() -> None:
    (command,) = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert tuple(json.loads(command)) == WEB


def test_every_lasting_service_tells_its_health(services: dict[str, Any]) -> None:
    assert [name for name in sorted(LASTING) if not services[name].get("healthcheck", {}).get("test")] == []


def test_no_service_may_do_more_than_its_work(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert not service.get("privileged"), name


def test_only_the_proxy_is_reached_from_outside(
    services: dict[str, Any], configuration: dict[str, Any]
) -> None:
    """So web can be started many times, and nothing but the proxy can say who a client is."""
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert configuration["networks"]["back"]["internal"]
    on_front = {name for name, service in services.items() if "front" in service["networks"]}
    assert on_front == {"proxy", "web"}
    subnet = configuration["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert services["web"]["environment"]["MUSTER_TRUSTED_PROXIES"] == subnet


def test_without_tls_the_proxy_listens_on_this_machine_alone() -> None:
    services = json.loads(compose(**VALUES).stdout)["services"]
    assert [port["host_ip"] for port in services["proxy"]["ports"]] == ["127.0.0.1"]


def test_each_process_signs_in_as_its_own_user(services: dict[str, Any]) -> None:
    addresses = {
        name: service.get("environment", {}).get("DATABASE_URL") for name, service in services.items()
    }
    users = {name: urlsplit(address).username for name, address in addresses.items() if address}
    assert users == {"migrate": "muster", "web": "muster_web", "worker": "muster_worker"}


def test_every_setting_is_one_of_muster(services: dict[str, Any]) -> None:
    from config import settings  # reads all settings

    assert settings.BASE_DIR == ROOT
    for name in ("web", "worker", "beat", "migrate"):
        names = {key for key in services[name]["environment"] if key.startswith("MUSTER_")}
        assert names <= env.KNOWN.keys(), name


def test_any_other_setting_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    """Muster's processes that read settings get it, and no other service does."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    for name in ("docker-compose.yml", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "muster.env").write_text("MUSTER_LOG_FORMAT=json\n")
    services = json.loads(compose(folder=tmp_path, **VALUES).stdout)["services"]
    reads_it = {name for name, each in services.items() if "MUSTER_LOG_FORMAT" in each.get("environment", {})}
    assert reads_it == {"web", "worker", "migrate"}


def test_by_tls_every_connection_is_encrypted_and_verified() -> None:
    services = json.loads(compose(*FILES["tls"], **VALUES).stdout)["services"]
    for name in ("web", "worker", "migrate"):
        environment = services[name]["environment"]
        database = env.database(environment["DATABASE_URL"])
        assert database["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/tls/ca.crt"}
        assert environment["REDIS_URL"].startswith("rediss://")
        assert environment["MUSTER_HTTPS"] == "1"
    assert "ssl=on" in services["postgres"]["command"]
    assert "--port 0 --tls-port 6379" in services["redis"]["command"][-1]
    assert sorted(port["target"] for port in services["proxy"]["ports"]) == [8080, 8443]


@pytest.mark.parametrize("missing", ["VALKEY_PASSWORD", "MUSTER_SECRET_KEY", "OWNER_PASSWORD"])
def test_a_secret_that_is_missing_stops_it(missing: str) -> None:
    done = compose(**{name: value for name, value in VALUES.items() if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr
