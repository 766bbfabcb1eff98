"""A class name stands for one thing in the house."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("accounts", "benchmarks", "config", "inventory", "readiness", "stack", "telemetry", "web")
GIVEN_BY_DJANGO = {"Command"}
STILL_TWICE: set[str] = {
    "Against",
    "Asked",
    "BadQuestion",
    "Bound",
    "Capacity",
    "Cell",
    "CheckLine",
    "CheckMove",
    "CheckResult",
    "CheckState",
    "Column",
    "Counts",
    "Day",
    "Direction",
    "Domain",
    "Figure",
    "Fleet",
    "Flip",
    "Gate",
    "Grant",
    "Health",
    "Held",
    "Known",
    "LeftOut",
    "Limit",
    "Line",
    "Measure",
    "Move",
    "NotNow",
    "NoteForm",
    "OfPillar",
    "Outcome",
    "Panel",
    "Placement",
    "Planned",
    "Provenance",
    "Question",
    "Rate",
    "Reading",
    "Reason",
    "Row",
    "Scale",
    "Series",
    "SeriesSerializer",
    "SiteFacts",
    "SiteFilters",
    "SiteForm",
    "SiteRow",
    "SiteScore",
    "Source",
    "Span",
    "StageStep",
    "Standing",
    "Stated",
    "Step",
    "Stored",
    "Table",
    "Target",
    "Tier",
    "TsTzRange",
    "Verdict",
    "_Part",
    "_Told",
}
"""Names that are to be told apart next. The list may only shrink."""


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
    twice = names_twice(modules_by_class())
    assert {name: places for name, places in twice.items() if name not in STILL_TWICE} == {}


def test_the_list_of_names_still_used_twice_only_shrinks():
    assert set(names_twice(modules_by_class())) >= STILL_TWICE


def test_a_name_used_twice_is_seen(tmp_path: Path):
    (tmp_path / "web").mkdir()
    for module in ("first", "second"):
        (tmp_path / "web" / f"{module}.py").write_text("class Same:\n    class Meta: ...\n", encoding="utf-8")
    assert names_twice(modules_by_class(("web",), tmp_path)) == {"Same": ["web/first.py", "web/second.py"]}
