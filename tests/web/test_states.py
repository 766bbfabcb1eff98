"""The words of design, the style sheet and the icon list name the same states."""

import re

import pytest

from web import navigation
from web.states import ATTRIBUTES, STATES, state

VALUES = {
    "check": ["pass", "warn", "fail", "unknown", "stale", "waived", "n-a"],
    "health": ["ok", "warn", "critical", "unknown", "not-judged", "maintenance", "not-monitored"],
    "verdict": ["ready", "conditional", "not-ready", "none"],
    "problem": ["critical", "silent", "failing", "warn", "late", "missing"],
    "severity": ["critical", "error", "warning", "info"],
    "alert": ["escalating", "acknowledged", "silenced", "muted", "over"],
    "scheduler": ["open", "maintenance", "draining", "drained", "down"],
    "source": ["on-time", "late", "silent", "paused", "waiting"],
    "channel": ["unconfirmed", "confirmed", "disabled"],
    "lifecycle": ["planned", "building", "commissioning", "production", "retired"],
    "provenance": ["measured", "estimated", "declared", "simulated"],
    "tier": ["measured", "declared", "capped"],
    "confirmation": ["needed", "in-grace", "confirmed", "rejected"],
    "drift": ["open", "proposed", "rejected", "corrected", "dismissed", "ended"],
    "grant": ["requested", "approved", "denied", "revoked", "expired"],
    "review": ["open", "go", "no-go", "cancelled"],
    "sign-off": ["waiting", "signed", "declined"],
    "action": ["open", "done", "dropped"],
    "finding": ["raised", "accepted", "rejected", "deferred", "closed", "reopened"],
    "incident": ["open", "over", "closed"],
    "joint-review": ["planned", "held", "cancelled"],
    "work": ["open", "in-progress", "resolved", "done", "dropped"],
    "ownership": ["owned", "away", "no-deputy", "overdue", "unanswered", "waiting", "unowned"],
    "cover": ["nobody", "once", "twice"],
    "shift": ["short", "as-needed", "more", "not-planned"],
    "skill": ["qualified", "ending", "declared", "over", "exempt", "gap"],
    "entry": ["on-call", "away", "nobody", "drill", "capacity"],
    "assignment": ["proposed", "accepted", "overdue", "unanswered", "declined", "ended"],
    "interop": ["proven", "other-versions", "failed", "stale", "not-proven"],
    "framework": ["draft", "published", "retired"],
    "rule-pack": ["draft", "published", "withdrawn"],
    "answer": ["allowed", "needs-basis", "cannot-decide", "forbidden"],
    "portfolio": ["queued", "running", "done", "cancelled", "failed"],
    "effect": ["better", "worse", "unclear", "unknown"],
    "decision": ["recorded", "approved", "rejected", "withdrawn"],
    "dry-run": ["waiting", "running", "done", "failed"],
    "campaign": ["planned", "running", "finished", "cancelled"],
    "campaign-item": ["done", "failed", "blocked", "stale", "missing", "n-a", "dropped"],
    "delivery": ["waiting", "sent", "failed", "dropped"],
    "attempt": ["taken", "again", "refused", "blocked"],
}
PAIRS = [(kind, value) for kind, values in VALUES.items() for value in values]


def test_every_kind_has_exactly_its_states():
    assert {kind: list(states) for kind, states in STATES.items()} == VALUES


def test_words_of_a_kind_differ():
    for states in STATES.values():
        assert len({str(one.word) for one in states.values()}) == len(states)


@pytest.mark.parametrize(("kind", "value"), PAIRS)
def test_style_sheet_colours_the_state(pytestconfig, kind, value):
    tokens = (pytestconfig.rootpath / "static/css/tokens.css").read_text()
    attribute = ATTRIBUTES[kind]
    selectors = f'[{attribute}="{value}"]' if kind != "provenance" else f"[{attribute}]"
    assert selectors in tokens


@pytest.mark.parametrize(("kind", "value"), PAIRS)
def test_icon_is_in_the_sprite(pytestconfig, kind, value):
    icons = (pytestconfig.rootpath / "web/assets/icons.txt").read_text().split()
    assert STATES[kind][value].icon in icons


def test_states_that_mean_different_things_look_different():
    """Unknown, stale, waived and not applicable share hues with others, so each has an icon of its own."""
    assert len({one.icon for one in STATES["check"].values()}) == len(STATES["check"])
    assert len({one.icon for one in STATES["health"].values()}) == len(STATES["health"])


def test_no_verdict_is_a_state_and_an_unheard_word_is_not():
    assert state("verdict", None).value == "none"
    with pytest.raises(KeyError):
        state("check", "partly-ready")


def test_every_icon_of_a_template_or_module_is_in_the_sprite(pytestconfig):
    root = pytestconfig.rootpath
    icons = set((root / "web/assets/icons.txt").read_text().split())
    used = set()
    for template in (root / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([a-z0-9-]+)"', template.read_text()))
        used |= set(re.findall(r'\bicon="([a-z0-9-]+)"', template.read_text()))
    for module in (root / "static/js").glob("*.js"):
        used |= set(re.findall(r"icon: '([a-z0-9-]+)'", module.read_text()))
    for folder in ("accounts", "inventory", "readiness", "telemetry", "web"):
        for module in (root / folder).rglob("*.py"):
            used |= set(re.findall(r'\bicon="([a-z0-9-]+)"', module.read_text()))
    used |= {entry.icon for entry in navigation.ENTRIES}
    assert used - icons == set(), "Add these to web/assets/icons.txt, and build them with `make setup`."
