"""Folders lie above one another: no two import each other, and the engine imports nothing that makes a page."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path, PurePosixPath

import pytest

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
MAKES_PAGES = (
    "django.forms",
    "django.http",
    "django.shortcuts",
    "django.template",
    "django.urls",
    "django.views",
)
# What only shows Muster; the benchmarks load the demo.
IMPORTED_BY_NOBODY = {"readiness.demo": ("readiness/demo/", "benchmarks/"), "benchmarks": ("benchmarks/",)}

MOST_ROOMS = 8

type Imports = dict[str, set[str]]
"""Map each module's path to the names that it imports, also inside functions."""


def imports_of(root: Path) -> Imports:
    return {
        path.relative_to(root).as_posix(): set(
            names_imported(ast.parse(path.read_text(encoding="utf-8")), path, root)
        )
        for top in PRODUCT
        for path in sorted((root / top).rglob("*.py"))
        if "migrations" not in path.parts
    }


def names_imported(tree: ast.AST, path: Path, root: Path) -> Iterator[str]:
    package = path.parent.relative_to(root).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else ())))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def folders_imported(imports: Imports) -> dict[tuple[str, str], list[str]]:
    """Map two folders, neither inside the other, to what modules in the first import from the second."""
    folder_of = {}
    for module in imports:
        name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        folder_of[name] = PurePosixPath(module).parent
    found = defaultdict(list)
    for module, names in imports.items():
        for name in names:
            target = folder_of.get(name) or folder_of.get(name.rpartition(".")[0])
            if target is None:
                continue
            source = PurePosixPath(module).parent
            for a, b in product(and_above(source), and_above(target)):
                if not (a.is_relative_to(b) or b.is_relative_to(a)):
                    found[str(a), str(b)].append(f"{module} imports {name}")
    return found


def and_above(folder: PurePosixPath) -> list[PurePosixPath]:
    return [folder, *folder.parents][:-1]


def pairs(imports: Imports) -> dict[tuple[str, str], list[str]]:
    """Folders that import each other, with the imports of the side that has fewer."""
    found = folders_imported(imports)
    return {
        (a, b): min(found[a, b], found[b, a], key=len) for a, b in sorted(found) if a < b and (b, a) in found
    }


@pytest.fixture(scope="module")
def product_imports() -> Imports:
    return imports_of(ROOT)


def test_no_two_folders_import_each_other(product_imports: Imports):
    assert len(product_imports) > 500
    assert pairs(product_imports) == {}


@pytest.mark.parametrize(
    ("module", "name", "pair"),
    [
        pytest.param(
            "web/audit/steps.py",
            "web.history.events.history",
            ("web/audit", "web/history"),
            id="a kit calls a kit that stands on it",
        ),
        pytest.param(
            "readiness/assessment/scoring/queries/rows.py",
            "readiness.assessment.scoring.gap.queries",
            ("readiness/assessment/scoring/gap", "readiness/assessment/scoring/queries"),
            id="two folders of a room",
        ),
        pytest.param(
            "readiness/assessment/evidence/core/reviews.py",
            "readiness.golive.reviews.queries",
            ("readiness/assessment/evidence", "readiness/golive"),
            id="a room calls the room above",
        ),
    ],
)
def test_a_call_back_makes_a_pair(product_imports: Imports, module: str, name: str, pair: tuple[str, str]):
    broken = product_imports | {module: product_imports[module] | {name}}
    assert pair in pairs(broken)


def test_an_import_inside_a_function_counts(tmp_path: Path):
    for name, text in {
        "web/a/one.py": "def late():\n    from web.b import two\n",
        "web/b/two.py": "from web.a import one\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(pairs(imports_of(tmp_path))) == [("web/a", "web/b")]


def test_the_engine_makes_no_page(product_imports: Imports):
    """The contract of import-linter names our own modules; parts of Django it cannot tell apart."""
    page_makers = {
        f"{module} imports {name}"
        for module, names in product_imports.items()
        if module.startswith("readiness/assessment/scoring/")
        for name in names
        if any(name == part or name.startswith(f"{part}.") for part in MAKES_PAGES)
    }
    assert page_makers == set()


def test_what_only_shows_muster_is_imported_by_nobody(product_imports: Imports):
    importers = [
        (module, room)
        for room, within in IMPORTED_BY_NOBODY.items()
        for module, names in product_imports.items()
        if not module.startswith(within) and any(f"{name}.".startswith(f"{room}.") for name in names)
    ]
    assert importers == []


def test_every_room_stands_in_the_contract():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    [rooms] = [
        contract for contract in settings["contracts"] if contract["name"].startswith("Rooms of readiness")
    ]
    assert set(rooms["layers"]) == {".".join(folder.parts) for folder in rooms_of(ROOT)}


def rooms_of(root: Path) -> list[Path]:
    """Return the folders of readiness that are Django apps, relative to the root."""
    return sorted(path.parent.relative_to(root) for path in (root / "readiness").rglob("apps.py"))


def test_no_folder_of_rooms_holds_more_than_eight():
    groups = {folder for room in rooms_of(ROOT) for folder in room.parents if folder.name}
    assert Path("readiness/assessment") in groups
    crowded = {
        str(group): children
        for group in groups
        if len(
            children := [path.name for path in (ROOT / group).iterdir() if (path / "__init__.py").exists()]
        )
        > MOST_ROOMS
    }
    assert crowded == {}
