"""How each state is said and shown on a page: its word, its icon and its tone.

The values are those of the models and of the API; what a state means is decided there. Here is only what a
reader sees, in one place, so that a page never invents a word for a state. Colours are in
static/css/tokens.css, by the same values.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class StateLook:
    value: str
    word: str | Promise
    icon: str  # a name of web/assets/icons.txt
    tone: str  # ok, warn, bad, unknown or info


def _states(*rows: tuple[str, str | Promise, str, str]) -> dict[str, StateLook]:
    return {row[0]: StateLook(*row) for row in rows}


STATES: dict[str, dict[str, StateLook]] = {
    "check": _states(
        ("pass", _("Pass"), "circle-check", "ok"),
        ("warn", _("Warn"), "alert-triangle", "warn"),
        ("fail", _("Fail"), "circle-x", "bad"),
        ("unknown", _("Unknown"), "help-circle", "unknown"),
        ("stale", _("Stale"), "clock", "unknown"),
        ("waived", _("Waived"), "flag", "warn"),
        ("n-a", _("Not applicable"), "circle-minus", "unknown"),
    ),
    "health": _states(
        ("ok", _("OK"), "circle-check", "ok"),
        ("warn", _("Warn"), "alert-triangle", "warn"),
        ("critical", _("Critical"), "circle-x", "bad"),
        ("unknown", _("Unknown"), "help-circle", "unknown"),
        ("maintenance", _("Maintenance"), "tool", "unknown"),
        ("not-monitored", _("Not monitored"), "eye-off", "unknown"),
    ),
    "verdict": _states(
        ("ready", _("Ready"), "circle-check", "ok"),
        ("conditional", _("Conditional"), "alert-triangle", "warn"),
        ("not-ready", _("Not ready"), "circle-x", "bad"),
        ("none", _("No verdict"), "circle-dashed", "unknown"),
    ),
    "source": _states(
        ("on-time", _("On time"), "clock-check", "ok"),
        ("late", _("Late"), "clock-exclamation", "warn"),
        ("silent", _("Silent"), "plug-connected-x", "bad"),
        ("paused", _("Paused"), "player-pause", "unknown"),
        ("waiting", _("Waiting for the first sample"), "hourglass", "unknown"),
    ),
    "lifecycle": _states(
        ("planned", _("Planned"), "calendar", "unknown"),
        ("building", _("Building"), "crane", "unknown"),
        ("commissioning", _("Commissioning"), "progress", "info"),
        ("production", _("Production"), "circle-check", "ok"),
        ("retired", _("Retired"), "archive", "unknown"),
    ),
    "provenance": _states(
        ("measured", _("measured"), "gauge", "unknown"),
        ("estimated", _("estimated"), "math-avg", "unknown"),
        ("declared", _("declared"), "pencil", "unknown"),
        ("simulated", _("simulated"), "flask", "info"),
    ),
    "tier": _states(
        ("measured", _("Measured"), "gauge", "unknown"),
        ("declared", _("Declared"), "pencil", "unknown"),
        ("capped", _("Declared, not measured"), "pencil", "warn"),
    ),
    "grant": _states(
        ("requested", _("Requested"), "hourglass", "info"),
        ("approved", _("Approved"), "flag", "warn"),
        ("denied", _("Denied"), "circle-x", "bad"),
        ("revoked", _("Revoked"), "ban", "unknown"),
        ("expired", _("Expired"), "clock", "unknown"),
    ),
    "decision": _states(
        ("recorded", _("Waits for approval"), "hourglass", "info"),
        ("approved", _("Approved"), "circle-check", "ok"),
        ("rejected", _("Rejected"), "circle-x", "bad"),
        ("withdrawn", _("Withdrawn"), "ban", "unknown"),
    ),
    "review": _states(
        ("open", _("Open"), "hourglass", "info"),
        ("go", _("Go"), "circle-check", "ok"),
        ("no-go", _("No-go"), "circle-x", "bad"),
        ("cancelled", _("Cancelled"), "ban", "unknown"),
    ),
    "sign-off": _states(
        ("waiting", _("Waiting"), "hourglass", "unknown"),
        ("signed", _("Signed"), "circle-check", "ok"),
        ("declined", _("Declined"), "circle-x", "bad"),
    ),
    "work": _states(
        ("open", _("Open"), "circle-dashed", "unknown"),
        ("in-progress", _("In progress"), "progress", "info"),
        ("resolved", _("Resolved"), "circle-check", "ok"),
        ("done", _("Done"), "check", "ok"),
        ("dropped", _("Dropped"), "ban", "unknown"),
    ),
    "ownership": _states(
        ("owned", _("Owned"), "user-check", "ok"),
        ("no-deputy", _("Nobody to stand in"), "user", "warn"),
        ("overdue", _("Overdue"), "clock-exclamation", "warn"),
        ("left", _("Owner left"), "logout", "bad"),
        ("waiting", _("Waiting for acceptance"), "hourglass", "info"),
        ("unowned", _("Unowned"), "alert-triangle", "bad"),
    ),
    "assignment": _states(
        ("proposed", _("Proposed"), "hourglass", "info"),
        ("accepted", _("Accepted"), "circle-check", "ok"),
        ("declined", _("Declined"), "circle-x", "bad"),
        ("ended", _("Ended"), "ban", "unknown"),
    ),
    "interop": _states(
        ("proven", _("Proven"), "circle-check", "ok"),
        ("other-versions", _("Other versions"), "versions", "warn"),
        ("failed", _("Failed"), "circle-x", "bad"),
        ("stale", _("Stale"), "clock", "unknown"),
        ("not-proven", _("Not proven"), "circle-dashed", "unknown"),
    ),
    "framework": _states(
        ("draft", _("Draft"), "pencil", "info"),
        ("published", _("In force"), "circle-check", "ok"),
        ("retired", _("Retired"), "archive", "unknown"),
    ),
    "rule-pack": _states(
        ("draft", _("Draft"), "pencil", "info"),
        ("published", _("In force"), "circle-check", "ok"),
        ("withdrawn", _("Withdrawn"), "archive", "unknown"),
    ),
    "answer": _states(
        ("allowed", _("Allowed"), "circle-check", "ok"),
        ("needs-basis", _("Needs a basis"), "alert-triangle", "warn"),
        ("cannot-decide", _("Cannot be decided"), "help-circle", "unknown"),
        ("forbidden", _("Forbidden"), "circle-x", "bad"),
    ),
    "portfolio": _states(
        ("queued", _("Queued"), "hourglass", "info"),
        ("running", _("Running"), "progress", "info"),
        ("done", _("Done"), "circle-check", "ok"),
        ("cancelled", _("Cancelled"), "ban", "unknown"),
        ("failed", _("Failed"), "circle-x", "bad"),
    ),
    "effect": _states(
        ("better", _("Better"), "circle-check", "ok"),
        ("worse", _("Worse"), "alert-triangle", "warn"),
        ("unclear", _("Unclear"), "help-circle", "unknown"),
        ("unknown", _("Unknown"), "help-circle", "unknown"),
    ),
    "dry-run": _states(
        ("waiting", _("Waiting"), "hourglass", "info"),
        ("running", _("Running"), "progress", "info"),
        ("done", _("Done"), "circle-check", "ok"),
        ("failed", _("Failed"), "circle-x", "bad"),
    ),
    "campaign": _states(
        ("planned", _("Planned"), "calendar", "unknown"),
        ("running", _("Running"), "progress", "info"),
        ("finished", _("Finished"), "circle-check", "ok"),
        ("cancelled", _("Cancelled"), "ban", "unknown"),
    ),
    "campaign-item": _states(
        ("done", _("Done"), "circle-check", "ok"),
        ("failed", _("Failed"), "circle-x", "bad"),
        ("blocked", _("Blocked"), "lock", "warn"),
        ("stale", _("Stale"), "clock", "warn"),
        ("missing", _("Missing"), "circle-dashed", "unknown"),
        ("n-a", _("Not applicable"), "circle-minus", "unknown"),
        ("dropped", _("Dropped"), "ban", "unknown"),
    ),
}

# The attribute that carries a state of each kind; static/css/tokens.css colours by it.
ATTRIBUTES = {
    "check": "data-state",
    "health": "data-health",
    "verdict": "data-verdict",
    "source": "data-source-state",
    "lifecycle": "data-lifecycle",
    "provenance": "data-provenance",
    "tier": "data-tier",
    "grant": "data-grant",
    "decision": "data-decision",
    "review": "data-review",
    "sign-off": "data-sign-off",
    "work": "data-work",
    "ownership": "data-ownership",
    "assignment": "data-assignment",
    "interop": "data-interop",
    "framework": "data-framework",
    "rule-pack": "data-rule-pack",
    "answer": "data-answer",
    "portfolio": "data-portfolio",
    "effect": "data-effect",
    "dry-run": "data-dry-run",
    "campaign": "data-campaign",
    "campaign-item": "data-campaign-item",
}


def state(kind: str, value: str | None) -> StateLook:
    """The state of a kind; `KeyError` for a word nobody defined.

    No verdict (a planned or building site) is a state of its own.
    """
    return STATES[kind]["none" if kind == "verdict" and not value else str(value)]
