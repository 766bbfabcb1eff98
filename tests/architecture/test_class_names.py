"""A class name stands for one thing in the house."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "accounts",
    "agent",
    "benchmarks",
    "config",
    "inventory",
    "readiness",
    "release",
    "stack",
    "telemetry",
    "web",
)
GIVEN_BY_DJANGO = {"Command"}


def modules_by_class(tops: tuple[str, ...] = PRODUCT, root: Path = ROOT) -> dict[str, list[str]]:
    """Where each class at the top of a module stands; classes within classes, such as Meta, are their owner's."""
    modules = defaultdict(list)
    for top in tops:
        for path in sorted((root / top).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    modules[node.name].append(str(path.relative_to(root)))
    return modules


def names_twice(modules: dict[str, list[str]]) -> dict[str, list[str]]:
    return {
        name: places for name, places in modules.items() if len(places) > 1 and name not in GIVEN_BY_DJANGO
    }


def test_a_class_name_is_used_once():
    assert names_twice(modules_by_class()) == {}


def test_a_name_used_twice_is_seen(tmp_path: Path):
    (tmp_path / "web").mkdir()
    for module in ("first", "second"):
        (tmp_path / "web" / f"{module}.py").write_text("class Same:\n    class Meta: ...\n", encoding="utf-8")
    assert names_twice(modules_by_class(("web",), tmp_path)) == {"Same": ["web/first.py", "web/second.py"]}
