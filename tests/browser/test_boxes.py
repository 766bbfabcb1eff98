"""The measuring of boxes notices each fault, which one rule of style makes on a page that has none."""

import pytest

from tests.browser import boxes

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
RULES = {
    ".kpi .label { width: 20px; overflow: hidden; white-space: nowrap }": "cut text",
    ".kpi .value { height: 12px; overflow: clip }": "cut text",
    ".kpi .label { position: absolute; inset: 0; align-self: stretch; background: white }": "covered text",
    "#live { width: 2000px }": "wider than the page",
    ".table-scroll { background: none } .table { min-width: 3000px }": "scrolls sideways without a cue",
    ".card > header { padding-bottom: 400px }": "void of",
    "#live > .grid { margin-top: 400px }": "between cards",
}
# The policy forbids a style element, and says nothing of a sheet that is made by a script of the browser's own.
CUT_ID = """() => {
    const id = document.createElement("div");
    id.textContent = "porto-1-row-01";
    id.style.cssText = "width: 3ch; white-space: normal";
    document.querySelector(".table-scroll td").append(id);
}"""
DRESS = """rule => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(rule.replaceAll(/;| }/g, " !important$&"));
    document.adoptedStyleSheets = [sheet];
}"""


def test_a_rule_that_spoils_a_page_is_noticed(as_role, small_fleet):
    visit = as_role("viewer")
    page = visit.open("/fleet/")
    visit.scroll_through()
    assert boxes.faults(page, 1440) == []
    unnoticed = {}
    for rule, fault in RULES.items():
        page.evaluate(DRESS, rule)
        seen = [words for _screen, words, _where in boxes.faults(page, 1440)]
        if not any(fault in words for words in seen):
            unnoticed[rule] = seen
    assert unnoticed == {}
    page.evaluate(CUT_ID)
    page.evaluate(DRESS, ".table-scroll { background: none } .table { min-width: 3000px }")
    in_tables = {words for _screen, words, _where in boxes.faults_of_tables(page, 1440)}
    assert in_tables == {"wide table without a cue", "cut id"}
    page.evaluate(
        "() => { const tabs = document.querySelector('nav.tabs'); tabs.after(tabs.cloneNode(true)); }"
    )
    assert "second row of tabs" in [words for _screen, words, _where in boxes.faults(page, 1440)]
