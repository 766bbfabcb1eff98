"""One page as a desk and a phone see it, by day and by night: what axe finds, and what does not fit."""

from tests.browser import boxes

WALL, DESK, ZOOMED, PHONE = 1920, 1440, 720, 390
"""Widths; a desk at 200 % zoom has half of its own."""
CHARTS_FIT = """() => [...document.querySelectorAll(".plot .main-svg")].every(
    svg => svg.getBoundingClientRect().right <= innerWidth)"""
BY_COLOUR = ["color-contrast", "link-in-text-block"]
"""A theme changes colours and nothing else, so the other rules would find again what they found by day."""


def faults(one, axe_source, path):
    """Return the faults of the page at this address on all its screens; `one` keeps what the policy refused."""
    page = one.page
    _resize(page, DESK)
    page.emulate_media(color_scheme="light")
    one.open(path)
    one.scroll_through()
    page.evaluate(axe_source)
    found = [*boxes.faults(page, DESK), *_axe(page, "desk, light")]
    page.emulate_media(color_scheme="dark")
    found += _axe(page, "desk, dark", BY_COLOUR)
    for width in (WALL, ZOOMED):
        _resize(page, width)
        found += boxes.faults(page, width)
    _resize(page, PHONE)
    one.scroll_through()
    page.wait_for_function(CHARTS_FIT)
    found += [*boxes.faults(page, PHONE), *_axe(page, "phone, dark")]
    page.emulate_media(color_scheme="light")
    return [*found, *_axe(page, "phone, light", BY_COLOUR)]


def _axe(page, screen, rules=None):
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    answer = page.evaluate("options => axe.run(document, options)", options)
    return [
        (screen, each["id"], [node["target"] for node in each["nodes"]][:3]) for each in answer["violations"]
    ]


def _resize(page, width):
    page.set_viewport_size({"width": width, "height": 900})
