"""How each state is said and shown on a page: its word, its icon and its tone, from states.yaml.

What a state means is decided elsewhere. Here is only what a reader sees, in one place, so that a page never invents a
word for a state.
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
