"""Pages say things once, in plain words: phrasings that readers stumbled over stay out, and dates have one format."""

import ast
import re

import pytest

from tests.architecture.test_glossary import WORDS

# Each with what to say instead.
STUMBLED_OVER = {
    r"\bmisses [≥≤]": "is below the limit of",
    r"look(?:s|ed) away from": "accepted as failing until a date",
    r"somebody else than": "a second person",
    r"makes no sense to": "is incomplete",
    r"\bWhy did it move\b": "Score changes",
    r"\bWhat was done\b": "Activity",
    r"\bday is over\b": "past the due date",
    r"\bName somebody\b|\bAsk for one\b|\bPlan one\b": "New and the thing's name",
    r"\bnobody declared, which\b": "Leave empty if no limit is declared",
    r"\bis still to be made\b": "is missing",
    r"\bNo less than this\b": "At least",
    r"\bcannot be told\b": "unknown",
    r"\bLoosen\b": "relaxed",
    r"\bCompliance margin\b": "Margin",
    r"\bNo base\b|[\"']no base\b": "not recorded",
    r"\bCapability gap\b": "Staff growth gap",
    r"\bPing (?:time )?by phase\b": "Round-trip time by phase",
    r"[Cc]ounts otherwise than": "Use another validity than",
    r"\bThe edge itself\b": "The limit itself",
    r"\bIt says what it is made from\b": "a copy that you can edit",
    r"\bcounts until\b": "valid until",
    r"\btake production load\b": "ready, conditional, not ready",
    r"\bwhat came\b|\bWrite down what\b": "the outcome",
    r"\bas (?:it|they) (?:is|are) now\?": "a sentence with a subject",
    r"\b(?:Approve|Deny|Cancel|Withdraw|Reject|Decline|Accept|End|Delete|Discard|Revoke) it(?: now)?\?": "its name",
    r"\bnothing rests on it\b|\bNothing rests on\b": "it has no effect",
    r"\bparted by commas\b": "separated by commas",
    r"\bSay (?:why|how many|what)\.": "Enter the reason",
    r"\bproblems? holds? \W*\{": "affects",
    r"\blimits? relaxed\b|\bmore limits?\b": "fails two limits: power and latency",
    r"\bcosts more to go beyond\b": "Cheapest that meets every limit",
    r"\bno limit asks for\b": "Optional improvements",
    r"\bEnd (?:the )?link\b": "Unlink user account",
    r"\bhoose from 1 to\b": "Choose at least one item",
    r"\bCheck now\b": "Check state",
    r"\b[Hh]eld by \{few|\bHeld by\b": "Held back by",
    r"\bnot planned \W*\{": "No date: 0 of 8 steps planned",
    r"\bHere stands\b": "appears here",
    r"\btold nevertheless\b": "Muster still tells you",
    r"\b[Ss]tands? here\b": "appears here",
    r"\bevidence about them counts\b": "that hardware",
    r"\bA person counts who\b": "A person counts if",
    r"\bshall not know\b": "so that nobody answers from the record",
    r"\bas it fills now\b": "at the present rate",
    r"\b(?:no|No) (?:run|change) is known\b": "is recorded",
}
# One word for a concept wherever something is labelled; the glossary has the word.
LABELS = {
    "Compliance": "margin",
    "Maximum age": "validity",
    "Sub measure": "sub-measure",
    "Go live": "review",
    "Dry run": "dry-run",
    "Roll up": "roll-up",
    "Datacenter": "site",
    "Data center": "site",
    "Facility name": "site",
    "Verification": "attestation",
    "Exemption": "grant",
    "Substitute": "accountable",
    "Accountable person": "accountable",
    "Severity of gate": "gate",
}
TEMPLATE_TAG = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", re.DOTALL)
DATE_FILTER = re.compile(r"\|(?:date|time|timesince|timeuntil|naturaltime)\b|\{%\s*now\b")
NATIVE = re.compile(r"""type=["'](?:date|datetime-local)["']""")
# A format of days in Python: what is written for people goes through web/units.py, what programs read is ISO 8601.
PYTHON_DATE = re.compile(r"%[-]?[dbBmj]\b.*%[YHy]|:%[-]?[Ydb]")
# File names and keys of caches; and cores, which know no framework and write a day as web/units.py does.
MAY_FORMAT = {
    *("accounts/models/sessions.py", "web/ages.py", "web/charts.py", "web/forms.py", "web/timerange.py"),
    *(
        "readiness/boards/site/charts.py",
        "readiness/boards/health/sentences.py",
    ),
    "readiness/demand/jurisdiction/core/sentences.py",
    *("readiness/boards/fleet/queries.py", "readiness/boards/trends/queries.py"),
    *("readiness/tradeoffs/factors/core/factors.py", "readiness/tradeoffs/decisions/core.py"),
    *("readiness/tradeoffs/windows/charts.py", "readiness/boards/trends/charts.py"),
}


def strings_of(source):
    """The texts of a module that are not docstrings, with those between the values of f-strings."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and ast.get_docstring(node, clean=False)
    }
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | bare:
            yield node.value


@pytest.fixture(scope="module")
def written(pytestconfig):
    """Return all text that may reach a page, as (path, text): templates, strings of Python, data."""
    root, texts = pytestconfig.rootpath, []
    for path in sorted((root / "templates").rglob("*.html")):
        texts.append((str(path.relative_to(root)), TEMPLATE_TAG.sub("", path.read_text())))
    for folder in ("accounts", "inventory", "readiness", "telemetry", "web"):
        for path in sorted((root / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                name = str(path.relative_to(root))
                texts += [(name, text) for text in strings_of(path.read_text())]
        for path in sorted((root / folder).rglob("data/**/*.yaml")):
            texts.append((str(path.relative_to(root)), path.read_text()))
    return texts


def test_phrasings_that_readers_stumbled_over_stay_out(written):
    patterns = {re.compile(pattern): instead for pattern, instead in STUMBLED_OVER.items()}
    wrong = {
        (name, match.group(), instead)
        for name, text in written
        for pattern, instead in patterns.items()
        if (match := pattern.search(text))
    }
    assert wrong == set()


def test_labels_use_the_word_of_the_glossary(written):
    assert set(LABELS.values()) <= {word for word, _of in WORDS}
    label = re.compile(r"""<th[^>]*>([^<{]+)|<dt>([^<{]+)|label="([^"{]+)\"""")
    shown = {
        (name, next(filter(None, groups)).strip())
        for name, text in written
        if name.endswith(".html")
        for groups in label.findall(text)
    }
    shown |= {(name, text) for name, text in written if name.endswith(".py")}
    assert {(name, text, LABELS[text]) for name, text in shown if text in LABELS} == set()


def test_templates_write_dates_with_the_tags_of_the_kit(pytestconfig):
    templates = {
        str(path.relative_to(pytestconfig.rootpath)): path.read_text()
        for path in (pytestconfig.rootpath / "templates").rglob("*.html")
    }
    wrong = {name for name, text in templates.items() if DATE_FILTER.search(text) or NATIVE.search(text)}
    assert wrong == set()


def test_python_writes_dates_in_one_place(written):
    wrong = {
        (name, text)
        for name, text in written
        if name.endswith(".py") and PYTHON_DATE.search(text) and name not in MAY_FORMAT
        if not name.startswith(("readiness/demo/", "readiness/assessment/evidence/core/parsers/"))
    }
    assert wrong == set()
