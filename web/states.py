"""The word, icon and tone of each state on a page, from states.yaml.

The meaning of a state is decided elsewhere. All words for states are in that file, so that pages do not invent others.
"""

from dataclasses import dataclass
from pathlib import Path

from web import yaml_documents


@dataclass(frozen=True, slots=True)
class StateLook:
    value: str
    word: str
    icon: str  # a name of web/assets/icons.txt
    tone: str  # ok, warn, bad, unknown or info


_TEXT = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
STATES: dict[str, dict[str, StateLook]] = {
    kind: {value: StateLook(value, *look) for value, look in looks.items()}
    for kind, looks in yaml_documents.read(_TEXT).items()
}

# The HTML attribute for the states of each kind; static/css/tokens.css uses it for colours.
ATTRIBUTES = {kind: f"data-{kind}" for kind in STATES} | {
    "check": "data-state",
    "source": "data-source-state",
}


def state(kind: str, value: str | None) -> StateLook:
    """The state of a kind; `KeyError` for an undefined word. No verdict (a planned or building site) is a state too."""
    return STATES[kind]["none" if kind == "verdict" and not value else str(value)]
