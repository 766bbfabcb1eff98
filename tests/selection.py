"""The tests that a run chooses: patient ones, all but these, and no part of what runs in full."""

import re
from functools import cache

# What marks a test as full, in its own file.
MARKS_FULL = re.compile(r"\bmark\.full\b|\bevery_eighth\b|\bin_steps\b")
PATIENCE_S = 3600
# They start processes, and wait for these no longer than a machine takes that has nothing else to do.
HURRIED = (
    "tests/browser/",
    "tests/peers/",
    "tests/readiness/demo/test_sender.py",
    "tests/stack/",
    "tests/telemetry/test_packing_faults.py",
    "tests/telemetry/test_together.py",
    "tests/web/serving/",
    "tests/web/test_address_book.py",
    "tests/web/test_assets.py",
    "tests/web/test_proxies.py",
)


@cache
def marks_full(path):
    return MARKS_FULL.search(path.read_text(encoding="utf-8")) is not None


def takes_minutes(item):
    limit = item.get_closest_marker("timeout")
    return limit is not None and limit.args[0] >= item.config.getoption("timeout")


def leave_out_parts(config, items):
    """Where a test runs in full, a part of it tells nothing more."""
    whole = {(item.path, item.originalname) for item in items if item.get_closest_marker("full")}
    parts = {
        item
        for item in items
        if (mark := item.get_closest_marker("part"))
        and (item.path, mark.args[0] if mark.args else item.originalname) in whole
    }
    deselect(config, items, parts)


def deselect(config, items, unwanted):
    config.hook.pytest_deselected(items=list(unwanted))
    left_out = set(unwanted)
    items[:] = [item for item in items if item not in left_out]


def is_patient(item):
    """Whether a test marked full may take as long as it likes: it computes, and waits for nothing."""
    is_full = item.get_closest_marker("full") is not None
    return is_full and item.get_closest_marker("browser") is None and not item.nodeid.startswith(HURRIED)
