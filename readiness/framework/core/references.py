"""Ids that a definition refers to: its own sources, limits and pillars."""

import re
from typing import Annotated

from web.versioned.core.documents import Fields, Rule

OWN = "own"
"""The operator's own decision: it names who decided, when, and says why in its note."""
LABELS_WITHOUT_SOURCE = frozenset({"OD", "J", "calc", OWN})


def source_label(label: str, fields: Fields) -> str:
    if label not in LABELS_WITHOUT_SOURCE and label not in fields.ids("sources"):
        raise ValueError(f"{label!r} is neither a listed source nor one of OD, J, calc, own")
    return label


def cited(text: str, fields: Fields) -> str:
    for source in re.findall(r"\[(S[0-9]+)\]", text):
        if source not in fields.ids("sources"):
            raise ValueError(f"cites {source}, which is not a listed source")
    return text


def listed(section: str, noun: str) -> Rule:
    def rule(item_id: str, fields: Fields) -> str:
        if item_id and item_id not in fields.ids(section):
            raise ValueError(f"{item_id!r} is not a listed {noun}")
        return item_id

    return rule


SourceLabel = Annotated[str, source_label]
Prose = Annotated[str, cited]
"""A sentence whose `[S#]` citations are all listed."""
