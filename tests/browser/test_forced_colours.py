"""With forced colours a state is told by words or a mark, and the focus has a ring."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
# What has a tone and neither words nor a drawing nor a name would be told by its colour alone.
BY_COLOUR_ALONE = """() => [...document.querySelectorAll("main [data-tone], main [data-state]")]
    .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.closest("svg, [aria-hidden=true]"))
    .filter(each => !each.innerText.trim() && !each.querySelector("svg, .visually-hidden")
        && !each.getAttribute("aria-label") && !each.title
        && ![each, ...each.querySelectorAll("button")].some(
            part => getComputedStyle(part, "::before").maskImage !== "none"))
    .map(each => each.outerHTML.slice(0, 120))"""
RING = """() => {
    const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
    return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
}"""


@pytest.mark.parametrize("path", ["/", "/fleet/", "/problems/", "/sites/porto/"])
def test_states_and_the_focus_are_seen_without_colours(as_role, small_fleet, path):
    page = as_role("ops").open(path)
    page.emulate_media(forced_colors="active")
    assert page.evaluate(BY_COLOUR_ALONE) == []
    for _step in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(RING), page.evaluate("() => document.activeElement.outerHTML")
