"""No page says what only a program should read, and no file has figures that say more than was measured."""

import re

import pytest

from tests.web.routes.test_every_route import paths, reader_of
from tests.web.routes.visible import Visible

__all__ = ["paths", "reader_of"]
pytestmark = pytest.mark.django_db
ROLES = ["viewer", "admin"]
# Not even as code.
# A rule is named by the metric or label that a sender writes, so its heading is that name.
NAMES_OF_SENDERS = {"node_hwmon_temp_celsius", "unit_id"}
OF_PYTHON = {"an object": r"\bnp\.\w+\(|<class|object at 0x"}
INTERNAL = OF_PYTHON | {
    "a dictionary": r"\{['\"]",
    "a list": r"\[['\"]",
    "a permission": r"\b[a-z]+\.(?:view|add|change|delete|approve|decide|publish|end|cancel|link|progress)_[a-z]+\b",
    "a backtick": "`",
    "a name of a program": r"(?<![\w./-])[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)+\b",
    "a date that is not 28 Nov 2026": (
        r"\b\d{1,2}/\d{1,2}/\d{4}\b|\b[A-Z][a-z]{2,8} \d{1,2}, 20\d{2}\b"
        r"|(?<![\w./-])\d{4}-\d{2}-\d{2}(?![\w./-])|\b\d{1,2} [A-Z][a-z]{2} \d{2}:\d{2}"
    ),
    "an instant without its zone": (
        r"\b\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}(?::\d{2})?(?![:\d])(?! (?:[A-Z]{2,5}|UTC[+-]\d+)\b)"
    ),
    "no value": r"^(?:None|nan|NaN|-?inf|null|True|False)$",
}


def without_names_of_senders(text):
    """A text without such a name where it is the whole text, what a form changes, or quoted."""
    for name in NAMES_OF_SENDERS:
        text = "" if text in {name, f"Change {name}"} else text.replace(f"“{name}”", "")
    return text


def internals(page):
    """What of a page's text is meant for programs: which pattern, and the text."""
    visible = Visible(page)
    return {
        (name, text[:100])
        for texts, patterns in ((visible.texts, INTERNAL), (visible.code, OF_PYTHON))
        for text in map(without_names_of_senders, texts)
        for name, pattern in patterns.items()
        if re.search(pattern, text)
    }


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<p>np.float64(-125000.0)</p>", {"an object"}),
        ("<code>up np.float64(1.0)</code>", {"an object"}),
        ("<p>no_reading</p>", {"a name of a program"}),
        ("<h1>unit_id</h1>", set()),
        ("<h1>unit_id of a rule</h1>", {"a name of a program"}),
        ('<td>{"it_kw": 4}</td>', {"a dictionary", "a name of a program"}),
        ("<p>Needs grants.approve_grant.</p>", {"a permission"}),
        ("<p>Run `dcgmi diag`.</p>", {"a backtick"}),
        ("<td>nan</td>", {"no value"}),
        ("<td>11/28/2026</td>", {"a date that is not 28 Nov 2026"}),
        ("<td>Nov 28, 2026</td>", {"a date that is not 28 Nov 2026"}),
        ("<td>2026-11-28 09:30</td>", {"a date that is not 28 Nov 2026"}),
        ("<td>28 Nov 2026 09:30</td>", {"an instant without its zone"}),
        ("<td>28 Nov 2026 09:30:15</td>", {"an instant without its zone"}),
        ("<td>28 Nov 2026 09:30:15 UTC</td>", set()),
        ("<td>28 Nov 2026 09:30 JST, 28 Nov 2026</td>", set()),
        ("<p>Run <code>make_it</code>, prometheus/snmp_exporter, mlx5_0.</p><script>a_b</script>", set()),
    ],
)
def test_what_is_meant_for_programs_is_recognised(markup, said):
    assert {name for name, _text in internals(markup)} >= said
    assert bool(internals(markup)) is bool(said)


@pytest.mark.full
@pytest.mark.parametrize("role", ROLES)
def test_no_page_says_what_is_meant_for_programs(reader_of, paths, role):
    """Every page, and what the tabs of some of them show."""
    reader = reader_of(role)
    pages = [path for path in paths if not path.startswith("/api/")]
    # Files have columns of their own; what tabs show is a page.
    variants = [variant for path in pages for variant in reader.variants(path)[:-1]]
    asked = [*pages, *(variant for variant in variants if "export=" not in variant)]
    bodies = {path: reader.ask(path)[1] for path in asked}
    texts = {path: body.decode(errors="replace") for path, body in bodies.items() if isinstance(body, bytes)}
    shown = {path: text for path, text in texts.items() if text.lstrip().startswith("<!")}
    assert len(shown) > 200
    assert {path: wrong for path, text in shown.items() if (wrong := internals(text))} == {}
