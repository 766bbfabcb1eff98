"""The import contracts hold, and fail when a floor calls up."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "agent", "config", "inventory", "readiness", "release", "stack", "telemetry", "web")


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


# Each breaks a contract, which names the module and what it may not import.
BREAKS = {
    "inventory/queries/capacity.py": "telemetry.models",
    "telemetry/ingest.py": "readiness.assessment.scoring.models",
    "readiness/assessment/evidence/queries.py": "readiness.assessment.scoring.models",
    "readiness/assessment/scoring/operations.py": "web.tables.columns",
    "readiness/assessment/scoring/gather.py": "readiness.assessment.evidence.views.runs",
    # Workloads know of no law.
    "readiness/demand/workloads/core/countries.py": "readiness.demand.jurisdiction.core.pack",
    "readiness/assessment/scoring/core/evaluate.py": "django",
    "stack/layout.py": "web.clock",
    "release/licences.py": "web.clock",
    "agent/targets.py": "web.clock",
}


def test_contracts_fail_when_broken_on_purpose(a_copy: Path):
    for name, imported in BREAKS.items():
        path = a_copy / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\nimport {imported}\n", encoding="utf-8")
    result = lint_imports(a_copy)
    assert result.returncode != 0
    # It names the package for what lies in it, and breaks its lines.
    said = " ".join(result.stdout.split())
    broken = {
        name.removesuffix(".py").replace("/", "."): imported.rpartition(".")[0] or imported
        for name, imported in BREAKS.items()
    }
    assert {name: imported for name, imported in broken.items() if f"{name} -> {imported}" not in said} == {}
