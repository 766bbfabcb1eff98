"""The import contracts hold, and fail when a floor calls up."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "config", "inventory", "readiness", "stack", "telemetry", "web")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [str(program), "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "assets", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        pytest.param(
            "inventory/queries/capacity.py", "import telemetry.models", id="inventory calls telemetry"
        ),
        pytest.param(
            "telemetry/ingest.py",
            "import readiness.assessment.scoring.models",
            id="telemetry calls readiness",
        ),
        pytest.param(
            "readiness/assessment/evidence/queries.py",
            "import readiness.assessment.scoring.models",
            id="a room calls the room above",
        ),
        pytest.param(
            "readiness/assessment/scoring/operations.py",
            "import web.tables.columns",
            id="the engine calls a page's kit",
        ),
        pytest.param(
            "readiness/assessment/scoring/gather.py",
            "import readiness.assessment.evidence.views.runs",
            id="the engine calls a page",
        ),
        pytest.param(
            "readiness/demand/workloads/core/countries.py",
            "import readiness.demand.jurisdiction.core.pack",
            id="workloads know of no law",
        ),
        pytest.param(
            "readiness/assessment/scoring/core/evaluate.py", "import django", id="a core knows the framework"
        ),
        pytest.param("stack/layout.py", "import web.clock", id="the launcher knows an app"),
    ],
)
def test_a_contract_fails_when_broken_on_purpose(a_copy: Path, module: str, line: str):
    path = a_copy / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    result = lint_imports(a_copy)
    assert result.returncode != 0
    assert "BROKEN" in result.stdout
