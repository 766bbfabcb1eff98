"""Rules of layout that a machine can hold."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "accounts",
    "agent",
    "benchmarks",
    "config",
    "inventory",
    "readiness",
    "release",
    "stack",
    "telemetry",
    "tests",
    "web",
)
LONGEST_MODULE = 400
LONGEST_TEST_MODULE = 400
LONGEST_FUNCTION = 40
FORBIDDEN_NAMES = {"utils", "common", "helpers", "services", "manager", "misc"}
SAYS_NOTHING_OF_ITS_FIELD = {
    *("arriving", "asked", "asking", "before", "contents", "hearing", "keeping", "known", "newcomers"),
    *("question", "questions", "sent", "things", "wanted"),
}


def modules() -> list[Path]:
    return [
        path
        for top in OURS
        for path in sorted((ROOT / top).rglob("*.py"))
        if "migrations" not in path.parts and "node_modules" not in path.parts
    ]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_modules_to_look_at():
    assert len(modules()) > 100


def test_no_module_is_too_long():
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    limits = {name: LONGEST_TEST_MODULE if name.startswith("tests/") else LONGEST_MODULE for name in lengths}
    assert {name: lines for name, lines in lengths.items() if lines > limits[name]} == {}


def test_no_function_is_too_long():
    too_long = {}
    for path in modules():
        if path.is_relative_to(ROOT / "tests"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    too_long[f"{named(path)}::{node.name}"] = lines
    assert too_long == {}


def test_no_module_has_a_name_that_says_nothing():
    assert [named(path) for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def test_a_module_is_named_by_a_term_of_its_field():
    vague = {named(path) for path in modules() if path.stem in SAYS_NOTHING_OF_ITS_FIELD}
    assert {name for name in vague if not name.startswith("tests/")} == set()


def test_only_charts_import_plotly():
    users = [
        named(path)
        for path in modules()
        if not path.is_relative_to(ROOT / "tests")
        and any(
            "plotly" in line and "import" in line for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert [name for name in users if not name.endswith("charts.py")] == []


def test_the_clock_is_read_at_the_edge_only():
    """web.clock reads it, and agent.clock. The launcher, the tools for a release, the tests and the benchmarks run
    outside the application."""
    outside = {"release", "stack", "tests", "benchmarks"}
    reading = re.compile(r"timezone\.now\(|datetime\.(?:utc)?now\(|time\.time(?:_ns)?\(")
    found = [
        named(path)
        for path in modules()
        if path.relative_to(ROOT).parts[0] not in outside and reading.search(path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == ["agent/clock.py", "web/clock.py"]


def test_only_one_module_writes_csv():
    """The one that guards cells against being run as formulas; others may read."""
    writing = ("csv.writer", "csv.DictWriter", "from csv import")
    writers = [
        named(path)
        for path in modules()
        if not path.is_relative_to(ROOT / "tests")
        and any(each in path.read_text(encoding="utf-8") for each in writing)
    ]
    assert writers == ["web/sheets.py"]


def test_only_one_module_reads_and_writes_yaml():
    """The one whose reader is bounded; the agent, which has nothing of the web, bounds its own."""
    using = ("yaml.load", "yaml.safe_", "yaml.full_", "yaml.parse", "yaml.compose", "yaml.dump", "from yaml")
    users = [
        named(path)
        for path in modules()
        if path.relative_to(ROOT).parts[0] not in ("tests", "stack", "benchmarks")
        and any(
            re.search(rf"(?<![\w.]){re.escape(each)}", path.read_text(encoding="utf-8")) for each in using
        )
    ]
    assert users == ["agent/documents.py", "web/yaml_documents.py"]


def test_answers_are_described_by_their_types_alone():
    product = [path for path in modules() if not path.is_relative_to(ROOT / "tests")]
    by_hand = {named(path) for path in product if "inline_serializer(" in path.read_text(encoding="utf-8")}
    assert by_hand == set()
