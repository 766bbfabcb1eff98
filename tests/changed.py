"""Runs the tests that a change can touch, without those marked full: `make test-changed`; `base=HEAD~3`: since then.

A test is touched by what it imports, however far away; by what an address that it names imports; and by the folder
that it mirrors. What all tests stand on touches all.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import grimp

QUICK = "not peers and not full"
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "accounts",
    "agent",
    "config",
    "inventory",
    "readiness",
    "release",
    "stack",
    "telemetry",
    "web",
    "tests",
)
# Settings and addresses, what is installed, the kits of pages and endpoints, and what tests begin with.
TOUCHES_ALL = (
    *(
        "config/",
        "requirements/",
        "pyproject.toml",
        "web/",
        "templates/web/",
        "templates/base.html",
        "static/",
    ),
    *(
        "tests/conftest.py",
        "tests/database.py",
        "tests/scenes.py",
        "tests/selection.py",
        "stack/testing.py",
        "manage.py",
    ),
)
# They read files or ask addresses as they are, and so import none of what they test.
READ_ALL = ("tests/architecture",)
ASK_ALL = ("tests/web/routes", "tests/visibility/test_visibility.py")
DRAW = (
    "tests/browser",
    "tests/web/test_browser_pages.py",
    "tests/web/test_browser_work.py",
    "tests/web/test_assets.py",
)
NO_CODE = ("docs/", "tests/", "benchmarks/", ".ci/")
# These import every view; whoever imports them would be touched by every change.
IMPORTS_ALL = ("config", "tests.conftest")


def changed_paths(base: str) -> list[str]:
    """Paths that differ from where this branch left `base`, committed or not."""
    merged = _git("merge-base", base, "HEAD")[0]
    return sorted({*_git("diff", "--name-only", merged), *_git("ls-files", "--others", "--exclude-standard")})


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def touching_all(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path.startswith(TOUCHES_ALL) or "/migrations/0" in path]


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_graph() -> grimp.ImportGraph:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for name in IMPORTS_ALL:
        for importer in graph.find_modules_that_directly_import(name) if name in graph.modules else ():
            graph.remove_import(importer=importer, imported=name)
        for module in {name, *graph.find_descendants(name)} & graph.modules:
            graph.remove_module(module)
    return graph


def importers_of(graph: grimp.ImportGraph, paths: Iterable[str]) -> set[str]:
    """The changed modules, and all that import them by any way."""
    changed = {module for path in paths if (module := module_of(path)) in graph.modules}
    return changed.union(*(graph.find_downstream_modules(module) for module in changed))


def mirrored(path: str, root: Path = ROOT) -> str:
    """The folder of tests that mirrors that of a file, or the nearest above; templates are mirrored with their room."""
    folder = Path(path.removeprefix("tests/")).parent
    if path.startswith("tests/") and path.endswith(".py"):
        return ""
    if path.startswith("templates/"):
        folder = next(_folders_named(folder.name, root), folder.relative_to("templates"))
    while not (root / "tests" / folder).is_dir():
        folder = folder.parent
    return f"tests/{folder}" if folder != Path() else ""


def _folders_named(name: str, root: Path) -> Iterator[Path]:
    for folder in sorted((root / "tests").rglob(name)):
        if folder.is_dir():
            yield folder.relative_to(root / "tests")


def addresses_in(source: str) -> set[str]:
    """Addresses that a test names, without their questions; "/" where it is asked for, since it also parts words."""
    nodes = list(ast.walk(ast.parse(source)))
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    calls = (node for node in nodes if isinstance(node, ast.Call) and node.args)
    asked = {ast.unparse(call.args[0]) for call in calls if getattr(call.func, "attr", "") in ("get", "open")}
    named = {text.partition("?")[0] for text in strings if text.startswith("/")} - {"/"}
    return named | ({"/"} if "'/'" in asked else set())


def view_modules() -> Callable[[str], str]:
    """Tell the module of the view that answers an address, "" where there is none. It needs settings, no servers."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for name, value in {"DATABASE_URL": "postgres://none/none", "REDIS_URL": "redis://none/0"}.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("MUSTER_SECRET_KEY", "none")
    import django
    from django.urls import Resolver404, resolve

    django.setup()

    def module(address: str) -> str:
        try:
            view = resolve(address).func
        except Resolver404:
            return ""
        return getattr(view, "cls", view).__module__

    return module


def touched(
    paths: Collection[str], graph: grimp.ImportGraph, module_of_view: Callable[[str], str], root: Path = ROOT
) -> dict[str, str]:
    """Files and folders of tests, each with why a change of these paths touches it."""
    reasons = {}
    modules = importers_of(graph, paths)
    for path in paths:
        if folder := mirrored(path, root):
            reasons.setdefault(folder, f"mirrors {path}")
    for test in sorted((root / "tests").rglob("test_*.py")):
        name = str(test.relative_to(root))
        if module_of(name) in modules:
            reasons.setdefault(name, "imports what changed")
        elif module_of(str(Path(name).with_name("conftest.py"))) in modules:
            reasons.setdefault(name, "has fixtures that import what changed")
        elif modules and modules & set(map(module_of_view, addresses_in(test.read_text(encoding="utf-8")))):
            reasons.setdefault(name, "names an address of what changed")
    reasons |= dict.fromkeys(READ_ALL, "reads every file")
    if any(path.startswith("static/") for path in paths):
        reasons |= dict.fromkeys(DRAW, "draws pages")
    if any(not path.startswith(NO_CODE) and "/" in path for path in paths):
        reasons |= dict.fromkeys(ASK_ALL, "asks every address")
    return {name: reason for name, reason in reasons.items() if not _lies_within(name, reasons)}


def _lies_within(name: str, folders: Collection[str]) -> bool:
    return any(str(parent) in folders for parent in Path(name).parents)


def main(base: str = "main", *options: str) -> int:
    paths = changed_paths(base)
    if not paths:
        print(f"Nothing differs from {base}.")
        return 0
    if reasons := touching_all(paths):
        print(f"All tests: they stand on {reasons[0]}.")
        tests = ["tests"]
    else:
        by_test = touched(paths, import_graph(), view_modules())
        print(*(f"{test}: it {reason}." for test, reason in by_test.items()), sep="\n")
        tests = list(by_test)
    sys.stdout.flush()
    return subprocess.call([sys.executable, "-m", "pytest", "-m", QUICK, *options, *tests], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
