"""How each state is said and shown on a page: its word, its icon and its tone.

The values are those of the models and of the API; what a state means is decided there. Here is only what a
reader sees, in one place, so that a page never invents a word for a state. Colours are in
static/css/tokens.css, by the same values.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateLook:
    value: str
    word: str
    icon: str  # a name of web/assets/icons.txt
    tone: str  # ok, warn, bad, unknown or info


def _states(*rows: tuple[str, str, str, str]) -> dict[str, StateLook]:
    return {row[0]: StateLook(*row) for row in rows}


STATES: dict[str, dict[str, StateLook]] = {
    "check": _states(
        ("pass", "Pass", "circle-check", "ok"),
        ("warn", "Warn", "alert-triangle", "warn"),
        ("fail", "Fail", "circle-x", "bad"),
        ("unknown", "Unknown", "help-circle", "unknown"),
        ("stale", "Stale", "clock", "unknown"),
        ("waived", "Waived", "flag", "warn"),
        ("n-a", "Not applicable", "circle-minus", "unknown"),
    ),
    "health": _states(
        ("ok", "OK", "circle-check", "ok"),
        ("warn", "Warn", "alert-triangle", "warn"),
        ("critical", "Critical", "circle-x", "bad"),
        ("unknown", "Unknown", "help-circle", "unknown"),
        ("maintenance", "Maintenance", "tool", "unknown"),
        ("not-monitored", "Not monitored", "eye-off", "unknown"),
    ),
    "verdict": _states(
        ("ready", "Ready", "circle-check", "ok"),
        ("conditional", "Conditional", "alert-triangle", "warn"),
        ("not-ready", "Not ready", "circle-x", "bad"),
        ("none", "No verdict", "circle-dashed", "unknown"),
    ),
    "source": _states(
        ("on-time", "On time", "clock-check", "ok"),
        ("late", "Late", "clock-exclamation", "warn"),
        ("silent", "Silent", "plug-connected-x", "bad"),
        ("paused", "Paused", "player-pause", "unknown"),
        ("waiting", "Waiting for the first sample", "hourglass", "unknown"),
    ),
    "problem": _states(
        ("critical", "Critical", "circle-x", "bad"),
        ("silent", "Silent", "plug-connected-x", "unknown"),
        ("failing", "Failing", "circle-minus", "bad"),
        ("warn", "Warning", "alert-triangle", "warn"),
        ("late", "Late", "clock-exclamation", "warn"),
        ("missing", "Missing", "circle-dashed", "unknown"),
    ),
    "lifecycle": _states(
        ("planned", "Planned", "calendar", "unknown"),
        ("building", "Building", "crane", "unknown"),
        ("commissioning", "Commissioning", "progress", "info"),
        ("production", "Production", "circle-check", "ok"),
        ("retired", "Retired", "archive", "unknown"),
    ),
    "provenance": _states(
        ("measured", "measured", "gauge", "unknown"),
        ("estimated", "estimated", "math-avg", "unknown"),
        ("declared", "declared", "pencil", "unknown"),
        ("simulated", "simulated", "flask", "info"),
    ),
    "tier": _states(
        ("measured", "Measured", "gauge", "unknown"),
        ("declared", "Declared", "pencil", "unknown"),
        ("capped", "Declared, not measured", "pencil", "warn"),
    ),
    "grant": _states(
        ("requested", "Requested", "hourglass", "info"),
        ("approved", "Approved", "flag", "warn"),
        ("denied", "Denied", "circle-x", "bad"),
        ("revoked", "Revoked", "ban", "unknown"),
        ("expired", "Expired", "clock", "unknown"),
    ),
    "decision": _states(
        ("recorded", "Waits for approval", "hourglass", "info"),
        ("approved", "Approved", "circle-check", "ok"),
        ("rejected", "Rejected", "circle-x", "bad"),
        ("withdrawn", "Withdrawn", "ban", "unknown"),
    ),
    "review": _states(
        ("open", "Open", "hourglass", "info"),
        ("go", "Go", "circle-check", "ok"),
        ("no-go", "No-go", "circle-x", "bad"),
        ("cancelled", "Cancelled", "ban", "unknown"),
    ),
    "sign-off": _states(
        ("waiting", "Waiting", "hourglass", "unknown"),
        ("signed", "Signed", "circle-check", "ok"),
        ("declined", "Declined", "circle-x", "bad"),
    ),
    "work": _states(
        ("open", "Open", "circle-dashed", "unknown"),
        ("in-progress", "In progress", "progress", "info"),
        ("resolved", "Resolved", "circle-check", "ok"),
        ("done", "Done", "check", "ok"),
        ("dropped", "Dropped", "ban", "unknown"),
    ),
    "ownership": _states(
        ("owned", "Owned", "user-check", "ok"),
        ("no-deputy", "Nobody to stand in", "user", "warn"),
        ("overdue", "Overdue", "clock-exclamation", "warn"),
        ("left", "Owner left", "logout", "bad"),
        ("waiting", "Waiting for acceptance", "hourglass", "info"),
        ("unowned", "Unowned", "alert-triangle", "bad"),
    ),
    "cover": _states(
        ("nobody", "By nobody", "circle-x", "bad"),
        ("once", "Once", "alert-triangle", "warn"),
        ("twice", "Twice", "circle-check", "ok"),
    ),
    "assignment": _states(
        ("proposed", "Proposed", "hourglass", "info"),
        ("accepted", "Accepted", "circle-check", "ok"),
        ("declined", "Declined", "circle-x", "bad"),
        ("ended", "Ended", "ban", "unknown"),
    ),
    "interop": _states(
        ("proven", "Proven", "circle-check", "ok"),
        ("other-versions", "Other versions", "versions", "warn"),
        ("failed", "Failed", "circle-x", "bad"),
        ("stale", "Stale", "clock", "unknown"),
        ("not-proven", "Not proven", "circle-dashed", "unknown"),
    ),
    "framework": _states(
        ("draft", "Draft", "pencil", "info"),
        ("published", "In force", "circle-check", "ok"),
        ("retired", "Retired", "archive", "unknown"),
    ),
    "rule-pack": _states(
        ("draft", "Draft", "pencil", "info"),
        ("published", "In force", "circle-check", "ok"),
        ("withdrawn", "Withdrawn", "archive", "unknown"),
    ),
    "answer": _states(
        ("allowed", "Allowed", "circle-check", "ok"),
        ("needs-basis", "Needs a basis", "alert-triangle", "warn"),
        ("cannot-decide", "Cannot be decided", "help-circle", "unknown"),
        ("forbidden", "Forbidden", "circle-x", "bad"),
    ),
    "portfolio": _states(
        ("queued", "Queued", "hourglass", "info"),
        ("running", "Running", "progress", "info"),
        ("done", "Done", "circle-check", "ok"),
        ("cancelled", "Cancelled", "ban", "unknown"),
        ("failed", "Failed", "circle-x", "bad"),
    ),
    "effect": _states(
        ("better", "Better", "circle-check", "ok"),
        ("worse", "Worse", "alert-triangle", "warn"),
        ("unclear", "Unclear", "help-circle", "unknown"),
        ("unknown", "Unknown", "help-circle", "unknown"),
    ),
    "dry-run": _states(
        ("waiting", "Waiting", "hourglass", "info"),
        ("running", "Running", "progress", "info"),
        ("done", "Done", "circle-check", "ok"),
        ("failed", "Failed", "circle-x", "bad"),
    ),
    "campaign": _states(
        ("planned", "Planned", "calendar", "unknown"),
        ("running", "Running", "progress", "info"),
        ("finished", "Finished", "circle-check", "ok"),
        ("cancelled", "Cancelled", "ban", "unknown"),
    ),
    "campaign-item": _states(
        ("done", "Done", "circle-check", "ok"),
        ("failed", "Failed", "circle-x", "bad"),
        ("blocked", "Blocked", "lock", "warn"),
        ("stale", "Stale", "clock", "warn"),
        ("missing", "Missing", "circle-dashed", "unknown"),
        ("n-a", "Not applicable", "circle-minus", "unknown"),
        ("dropped", "Dropped", "ban", "unknown"),
    ),
}

# The attribute that carries a state of each kind; static/css/tokens.css colours by it.
ATTRIBUTES = {kind: f"data-{kind}" for kind in STATES} | {
    "check": "data-state",
    "source": "data-source-state",
}


def state(kind: str, value: str | None) -> StateLook:
    """The state of a kind; `KeyError` for a word nobody defined.

    No verdict (a planned or building site) is a state of its own.
    """
    return STATES[kind]["none" if kind == "verdict" and not value else str(value)]
