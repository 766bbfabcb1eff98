"""One page as a desk and a phone see it, by day and by night: what axe finds, and what does not fit."""

DESK, PHONE = 1440, 390
CHARTS_FIT = """() => [...document.querySelectorAll(".plot .main-svg")].every(
    svg => svg.getBoundingClientRect().right <= innerWidth)"""
BY_COLOUR = ["color-contrast", "link-in-text-block"]
"""A theme changes colours and nothing else, so the other rules would find again what they found by day."""


def faults(one, axe_source, path):
    """What is wrong with the page at this address on any of the four screens; the policy's refusals are in `one`."""
    page = one.page
    page.set_viewport_size({"width": DESK, "height": 900})
    page.emulate_media(color_scheme="light")
    one.open(path)
    one.scroll_through()
    page.evaluate(axe_source)
    found = [*_width(page, DESK), *_axe(page, "desk, light")]
    page.emulate_media(color_scheme="dark")
    found += _axe(page, "desk, dark", BY_COLOUR)
    page.set_viewport_size({"width": PHONE, "height": 900})
    one.scroll_through()
    page.wait_for_function(CHARTS_FIT)
    found += [*_width(page, PHONE), *_axe(page, "phone, dark")]
    page.emulate_media(color_scheme="light")
    return [*found, *_axe(page, "phone, light", BY_COLOUR)]


def _axe(page, screen, rules=None):
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    answer = page.evaluate("options => axe.run(document, options)", options)
    return [
        (screen, each["id"], [node["target"] for node in each["nodes"]][:3]) for each in answer["violations"]
    ]


def _width(page, width):
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    return [] if wide == width else [("wider than the screen", wide)]
