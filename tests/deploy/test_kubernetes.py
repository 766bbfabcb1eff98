"""The manifests are valid, give no process more than its work needs, and run the commands of `make run`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from config import env
from stack import processes

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.37")
COMMANDS = {"worker": processes.worker(), "beat": processes.beat(state="/tmp/beat-state")}

type Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    program = shutil.which("kustomize")
    if program is None:
        missing = "Debian's kustomize is not installed"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    built = subprocess.run(
        [program, "build", FOLDER], capture_output=True, text=True, check=False, timeout=60
    )
    assert built.returncode == 0, built.stderr
    return list(yaml.safe_load_all(built.stdout))


def find_kind(manifests: list[Manifest], *kinds: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] in kinds}


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {
        name: each["spec"]["template"] for name, each in find_kind(manifests, "Deployment", "Job").items()
    }


def containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(manifests).items():
        for each in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
            yield f"{name}/{each['name']}", each


def selects(selector: dict[str, str], pod: Manifest) -> bool:
    return selector.items() <= pod["metadata"]["labels"].items()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(manifests: list[Manifest], version: str) -> None:
    faults = {}
    for manifest in manifests:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            faults[manifest["kind"], manifest["metadata"]["name"]] = f"{list(error.path)}: {error.message}"
    assert faults == {}


def test_a_fault_is_seen(manifests: list[Manifest]) -> None:
    web = find_kind(manifests, "Deployment")["web"]
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate({**web, "spec": {**web["spec"], "replica": 2}}, VERSIONS[0], strict=True)


def test_the_parts_are_those_of_the_design(manifests: list[Manifest]) -> None:
    assert set(pods(manifests)) == {"web", "worker", "beat", "migrate"}
    assert {name: each["spec"]["replicas"] for name, each in find_kind(manifests, "Deployment").items()} == {
        "web": 2,
        "worker": 2,
        "beat": 2,
    }


def test_no_container_may_do_more_than_its_work(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests).items():
        security = pod["spec"]["securityContext"]
        assert (security["runAsNonRoot"], security["runAsUser"]) == (True, 10001), name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["spec"]["automountServiceAccountToken"] is False, name
    for name, container in containers(manifests):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert container["resources"]["limits"]["memory"], name
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name


def test_every_lasting_process_is_probed(manifests: list[Manifest]) -> None:
    for name, pod in find_kind(manifests, "Deployment").items():
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        assert {"readinessProbe", "livenessProbe"} <= container.keys(), name
    web = pods(manifests)["web"]["spec"]["containers"][0]
    assert web["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert web["livenessProbe"]["httpGet"]["path"] == "/health/live"


def test_services_and_budgets_have_pods(manifests: list[Manifest]) -> None:
    selectors = {
        ("Service", name): each["spec"]["selector"] for name, each in find_kind(manifests, "Service").items()
    }
    for name, each in find_kind(manifests, "PodDisruptionBudget").items():
        selectors["PodDisruptionBudget", name] = each["spec"]["selector"]["matchLabels"]
    for which, selector in selectors.items():
        assert any(selects(selector, pod) for pod in pods(manifests).values()), which
    assert len(selectors) == 3


def test_every_pod_has_a_network_policy_of_its_own(manifests: list[Manifest]) -> None:
    policies = find_kind(manifests, "NetworkPolicy")
    assert policies["nothing-else"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, pod in pods(manifests).items():
        assert selects(policies[name]["spec"]["podSelector"]["matchLabels"], pod), name
    reached = [name for name, policy in policies.items() if "ingress" in policy["spec"]]
    assert reached == ["web"]


def test_containers_run_what_make_run_runs(manifests: list[Manifest]) -> None:
    by_name = dict(containers(manifests))
    for name, command in COMMANDS.items():
        assert tuple(by_name[f"{name}/{name}"]["command"]) == command
    # The image's own.
    assert "command" not in by_name["web/web"]
    migrate = " ".join(processes.migrate())
    assert by_name["migrate/migrate"]["command"][-1] == f"{migrate} && python manage.py grant_roles"


def test_no_secret_is_written_down(manifests: list[Manifest]) -> None:
    """Each process refers to the secret with the user of the database that is its own."""
    assert find_kind(manifests, "Secret") == {}
    users = {
        name: {
            each["secretRef"]["name"]
            for each in pod["spec"]["containers"][0].get("envFrom", ())
            if "secretRef" in each
        }
        for name, pod in pods(manifests).items()
    }
    assert users == {
        "web": {"muster-keys", "muster-web"},
        "worker": {"muster-keys", "muster-worker"},
        "migrate": {"muster-keys", "muster-owner"},
        "beat": set(),
    }


def test_every_setting_is_one_of_muster(manifests: list[Manifest]) -> None:
    from config import settings  # reads all settings

    assert settings.LANGUAGE_CODE
    (values,) = find_kind(manifests, "ConfigMap").values()
    assert values["data"].keys() <= env.KNOWN.keys()
    # Variables of services would begin like settings.
    assert all(pod["spec"]["enableServiceLinks"] is False for pod in pods(manifests).values())
    assert not [name for name in find_kind(manifests, "Service") if re.match("muster", name)]
