"""One page as a desk and a phone see it, by day and by night: what axe finds, and what does not fit."""

from functools import cache

from tests.browser import boxes
from tests.web.test_access import routes

WALL, DESK, NARROW, ZOOMED, PHONE = 1920, 1440, 1024, 720, 390
"""Widths; a desk at 200 % zoom has half of its own, and tables hardly fit the narrow one."""
CHARTS_FIT = """() => [...document.querySelectorAll(".plot .main-svg")].every(
    svg => svg.getBoundingClientRect().right <= innerWidth)"""
ONE_AFTER_THE_OTHER = ((DESK, "light"), (PHONE, "dark"), (DESK, "dark"), (PHONE, "light"))
"""Pages that are made of the same templates take turns on these."""
ON_A_PHONE = [
    "color-contrast", "link-in-text-block", "scrollable-region-focusable", "button-name", "link-name", "label",
    "select-name", "nested-interactive", "aria-hidden-focus",
]  # fmt: skip
"""Rules that may fail on a phone or in the other theme alone. The others would repeat what they found on the desk."""


def faults(one, axe_source, path):
    """Return the faults of the page at this address on all its screens; `one` keeps what the policy refused.

    Each page is seen by day on one of desk and phone and by night on the other, and its contrasts are computed on one
    of them, since that takes most of the time; the same parts stand on many pages.
    """
    page = one.page
    themes = ("light", "dark") if len(path) % 2 else ("dark", "light")
    contrasts_on_desk = len(path) // 2 % 2 == 0
    _resize(page, DESK)
    page.emulate_media(color_scheme=themes[0])
    one.open(path)
    one.scroll_through()
    page.evaluate(axe_source)
    found = [*boxes.faults(page, DESK), *_axe(page, f"desk, {themes[0]}", contrasts=contrasts_on_desk)]
    for width in (WALL, ZOOMED):
        _resize(page, width)
        found += boxes.faults(page, width)
    if path in addresses_of_lists():
        for width in (DESK, NARROW, PHONE):
            _resize(page, width)
            found += boxes.faults_of_tables(page, width)
    _resize(page, PHONE)
    page.emulate_media(color_scheme=themes[1])
    one.scroll_through()
    page.wait_for_function(CHARTS_FIT)
    found += boxes.faults(page, PHONE)
    return found + _axe(page, f"phone, {themes[1]}", ON_A_PHONE, contrasts=not contrasts_on_desk)


def faults_on_one_screen(one, axe_source, path, place):
    """Return the faults of a page that others are made as, on one screen, which `place` chooses.

    Its boxes are measured on desk and phone, since they depend on what it holds.
    """
    page = one.page
    width, theme = ONE_AFTER_THE_OTHER[place % len(ONE_AFTER_THE_OTHER)]
    _resize(page, width)
    page.emulate_media(color_scheme=theme)
    one.open(path)
    one.scroll_through()
    page.wait_for_function(CHARTS_FIT)
    page.evaluate(axe_source)
    found = _axe(page, f"{width} px, {theme}")
    for each in (width, DESK + PHONE - width):
        _resize(page, each)
        page.wait_for_function(CHARTS_FIT)
        found += boxes.faults(page, each)
    if path in addresses_of_lists():
        for each in (NARROW, PHONE):
            _resize(page, each)
            found += boxes.faults_of_tables(page, each)
    return found


@cache
def addresses_of_lists():
    """Addresses without a parameter: every list has one."""
    return {f"/{route}" for route in routes() if "<" not in route}


def _axe(page, screen, rules=None, *, contrasts=True):
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": contrasts}}}
    if rules:
        options["runOnly"] = [rule for rule in rules if contrasts or rule != "color-contrast"]
    answer = page.evaluate("options => axe.run(document, options)", options)
    return [
        (screen, each["id"], [node["target"] for node in each["nodes"]][:3]) for each in answer["violations"]
    ]


def _resize(page, width):
    page.set_viewport_size({"width": width, "height": 900})
