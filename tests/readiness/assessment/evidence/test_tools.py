"""A tool whose output is read is known in each place that has to know it."""

import re
from pathlib import Path

import pytest

from readiness.assessment.evidence.core.bearing import CHECKS_OF_TOOL
from readiness.assessment.evidence.core.parsers import PARSERS
from readiness.assessment.evidence.core.parsers.recognised import NAMES
from readiness.assessment.evidence.models import Tool
from readiness.assessment.evidence.operations.runs import _SCOPES, BY_NODES
from readiness.assessment.framework.core.vocabulary import TOOLS
from tests.readiness.assessment.evidence.core.every_trap import EVERY_TRAP
from tests.readiness.assessment.evidence.core.generated_traps import FACTS
from tests.readiness.assessment.evidence.core.test_parse_properties import GOOD
from tests.readiness.assessment.evidence.core.traps import CHECK, CLEAN, PROVE_NOTHING
from tests.readiness.assessment.evidence.test_replaced_parts import FILES

ROOT = Path(__file__).resolve().parents[4]
GUIDE = (ROOT / "docs/guides/evidence.md").read_text(encoding="utf-8")
TRAPS_FILE = "tests/readiness/assessment/evidence/core/traps.py"
FACTS_FILE = "tests/readiness/assessment/evidence/core/generated_traps.py"
EVERY_FILE = "tests/readiness/assessment/evidence/core/every_trap.py"
PLACES = {
    "PARSERS in readiness/assessment/evidence/core/parsers/__init__.py": set(PARSERS),
    "NAMES in readiness/assessment/evidence/core/parsers/recognised.py": set(NAMES),
    "CHECKS_OF_TOOL in readiness/assessment/evidence/core/bearing.py": set(CHECKS_OF_TOOL),
    "_SCOPES in readiness/assessment/evidence/operations/runs.py": {*_SCOPES, *BY_NODES},
    "TOOLS in readiness/assessment/framework/core/vocabulary.py": set(TOOLS),
    "the first table of docs/guides/evidence.md": {
        tool
        for row in re.findall(r"^\| (`.+?) \|", GUIDE, re.MULTILINE)
        for tool in re.findall(r"`([^`]+)`", row)
    },
    "GOOD in tests/readiness/assessment/evidence/core/test_parse_properties.py": {tool for tool, _ in GOOD},
    "FILES in tests/readiness/assessment/evidence/test_replaced_parts.py": {*FILES, *PROVE_NOTHING},
    f"FACTS in {FACTS_FILE}, by a record of its facts": set(FACTS),
    f"CHECK in {TRAPS_FILE}": {*CHECK, *PROVE_NOTHING},
    f"CLEAN in {TRAPS_FILE}": {*CLEAN, *PROVE_NOTHING},
    **{f"{trap} in a table of {EVERY_FILE}": set(by_tool) for trap, by_tool in EVERY_TRAP.items()},
}


@pytest.mark.parametrize("place", PLACES)
def test_every_tool_is_known_in(place: str):
    missing = set(Tool.values) - PLACES[place]
    assert missing == set(), f"Add {', '.join(sorted(missing))} to {place}."


def test_every_parser_is_a_tool_that_can_be_chosen():
    assert set(PARSERS) - set(Tool.values) == set(), (
        "Add it to Tool in readiness/assessment/evidence/models/runs.py."
    )
