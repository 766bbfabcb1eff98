"""Docstrings are sentences that a stranger understands: none begins with a word that leaves out its subject."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "accounts",
    "agent",
    "benchmarks",
    "inventory",
    "readiness",
    "release",
    "stack",
    "telemetry",
    "web",
)
_LEAVES_OUT_ITS_SUBJECT = re.compile(r"(Of|By|As|What|Whom|Whose|For)\b")


def docstrings(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def inverted(text: str) -> list[str]:
    return [each.splitlines()[0] for each in docstrings(text) if _LEAVES_OUT_ITS_SUBJECT.match(each)]


def test_no_docstring_is_inverted():
    paths = [path for top in PRODUCT for path in (ROOT / top).rglob("*.py")]
    assert len(paths) > 300
    wrong = {str(path.relative_to(ROOT)): inverted(path.read_text(encoding="utf-8")) for path in paths}
    assert {name: texts for name, texts in wrong.items() if texts} == {}


def test_an_inverted_docstring_is_seen():
    assert inverted('def f():\n    """Of all sites, the newest."""\n') == ["Of all sites, the newest."]
    assert inverted('def f():\n    """Offer the newest."""\n') == []
