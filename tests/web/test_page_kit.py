"""The parts of a page as markup: what they say, and that the security policy has nothing to refuse."""

import re
from types import SimpleNamespace

import pytest
from django.template import Context, Engine, Template

from tests.web.page_samples import PAGES
from tests.web.page_server import render
from web.refusals import FAILED
from web.templatetags.kit import initials, mark, pill

FORBIDDEN = {
    "style attribute": re.compile(r"<[^>]+\sstyle\s*="),
    "style element": re.compile(r"<style\b"),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)"),
    "event attribute": re.compile(r"<[^>]+\s(?:on[a-z]+|hx-on[:a-z-]*)\s*="),
    "evaluated htmx value": re.compile(
        r"""hx-(?:vals|headers|trigger)[^=]*=["'](?:js:|javascript:|[^"']*\[)"""
    ),
}


def shown(template, **context):
    markup = Template(f'{{% load kit %}}{{% include "web/{template}.html" %}}').render(Context(context))
    return re.sub(r"\s+", " ", markup)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_needs_what_the_security_policy_forbids(pytestconfig, what):
    guilty = [
        path.name
        for path in (pytestconfig.rootpath / "templates").rglob("*.html")
        if FORBIDDEN[what].search(path.read_text())
    ]
    assert guilty == []


def test_no_module_evaluates_text(pytestconfig):
    for module in (pytestconfig.rootpath / "static/js").glob("*.js"):
        assert (
            re.search(
                r"\beval\(|new Function\(|innerHTML|insertAdjacentHTML|document\.write", module.read_text()
            )
            is None
        ), module.name


def test_only_one_module_talks_to_plotly(pytestconfig):
    modules = (pytestconfig.rootpath / "static/js").glob("*.js")
    assert [module.name for module in modules if "Plotly." in module.read_text()] == ["charts.js"]


@pytest.mark.parametrize("path", PAGES)
def test_sample_page_repeats_no_id(vendor, path):
    ids = re.findall(r'\sid="([^"]+)"', render(path))
    assert sorted(ids) == sorted(set(ids))


def test_pill_says_its_state_in_a_word_and_an_attribute():
    markup = pill("health", "critical", clock="late")
    assert 'data-health="critical" data-clock="late"' in markup
    assert "Critical" in markup
    assert "data late" in markup


def test_mark_alone_still_has_its_word():
    assert 'aria-label="compute: Warn"' in mark("health", "warn", "compute")


def test_values_are_escaped():
    assert "<b>" not in pill("check", "fail", note="<b>x</b>")


@pytest.mark.parametrize("template", ["figure"])
def test_missing_figure_is_said_to_be_unknown_and_has_no_unit(template):
    markup = shown(template, value=None, unit="MW")
    assert "unknown" in markup
    assert "MW" not in markup
    assert "0" not in markup


def test_figure_carries_unit_provenance_source_and_age():
    markup = shown(
        "figure",
        value="1.21",
        unit="PUE",
        provenance="estimated",
        source="meter A",
        age="94 min",
        clock="silent",
    )
    for part in ("1.21", "PUE", "estimated", "meter A", "94 min", 'data-clock="silent"', "Silent"):
        assert part in markup


def test_zero_is_a_figure():
    assert ">0<" in shown("figure", value=0, unit="MW")


def test_bar_draws_the_band_up_to_what_missing_evidence_could_still_give():
    markup = shown(
        "pillar_bars",
        pillars=[{"label": "Workforce", "score": 40.0, "upper": 52.5, "waived": 2, "state": "fail"}],
    )
    assert 'class="band" width="52.5%"' in markup
    assert "up to" in markup
    assert "2 waived" in markup


def test_a_tick_says_where_a_pillar_was_and_a_check_that_does_not_pass_turns_it_amber():
    bar = {"label": "Workforce", "score": 40.0, "upper": 52.5, "before": 30.5, "change": "+10"}
    markup = shown("pillar_bars", pillars=[bar | {"state": "fail"}, bar | {"state": "pass", "before": None}])
    assert re.findall(r'data-tone="(\w+)"', markup) == ["warn", "ok"]
    assert re.findall(r'class="before" x="([^"]+)"', markup) == ["30.5%"]
    assert markup.count("+10 in 90 days") == 2


@pytest.mark.parametrize(("places", "items"), [(0, 0), (1, 0), (2, 2), (3, 3)])
def test_one_place_is_no_breadcrumb(places, items):
    markup = shown("breadcrumb", breadcrumbs=[{"label": "Sites", "url": "/sites/"}] * places)
    assert markup.count("<li>") == items
    assert ("<nav" in markup) is bool(items)


def test_unknown_pillar_has_no_number():
    markup = shown("pillar_marks", value=[{"label": "Workforce", "score": None, "state": "unknown"}])
    assert 'aria-label="Workforce unknown"' in markup


def test_attention_without_anything_says_so():
    assert "Nothing needs attention" in shown("attention", items=[], empty="All sources are on time.")


def test_error_pages_render_without_any_context():
    for status in ("400", "403", "404"):
        markup = Engine.get_default().get_template(f"{status}.html").render(Context())
        assert f">{status}<" in markup
    refused = Engine.get_default().get_template("errors/refused.html")
    assert ">500<" in refused.render(Context({"refusal": FAILED}))


@pytest.mark.parametrize(
    ("full_name", "login", "letters"),
    [("Mira Kovač", "mira", "MK"), ("Ada", "ada", "AD"), ("", "ops", "OP"), ("Jo van der Berg", "jo", "JB")],
)
def test_initials(full_name, login, letters):
    user = SimpleNamespace(get_full_name=lambda: full_name, get_username=lambda: login)
    assert initials(user) == letters
