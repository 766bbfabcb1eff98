"""Docstrings are sentences that a stranger understands: none begins with a word that leaves out its subject."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("accounts", "benchmarks", "inventory", "readiness", "stack", "telemetry", "web")
STILL_TO_MEND = ("scoring", "grants", "golive", "tradeoffs")
"""Rooms of readiness. The list may only shrink."""
_LEAVES_OUT_ITS_SUBJECT = re.compile(r"(Of|By|As|What|Whom|Whose|For)\b")


def docstrings(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def inverted(text: str) -> list[str]:
    return [each.splitlines()[0] for each in docstrings(text) if _LEAVES_OUT_ITS_SUBJECT.match(each)]


def test_no_docstring_is_inverted():
    skipped = [ROOT / "readiness" / room for room in STILL_TO_MEND]
    paths = [path for top in PRODUCT for path in (ROOT / top).rglob("*.py")]
    mended = [path for path in paths if not any(path.is_relative_to(room) for room in skipped)]
    assert len(mended) > 300
    wrong = {str(path.relative_to(ROOT)): inverted(path.read_text(encoding="utf-8")) for path in mended}
    assert {name: texts for name, texts in wrong.items() if texts} == {}


def test_an_inverted_docstring_is_seen():
    assert inverted('def f():\n    """Of all sites, the newest."""\n') == ["Of all sites, the newest."]
    assert inverted('def f():\n    """Offer the newest."""\n') == []
