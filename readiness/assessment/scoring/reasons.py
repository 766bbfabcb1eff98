"""The form in which the worst reasons of a domain stand with it, for lists. All reasons are rows of their own."""

from collections.abc import Mapping
from typing import Any

from readiness.assessment.scoring.core.reasons import ObjectKey, OpenReason

type Stored = Mapping[str, Any]
"""A reason as JSON, made by `stored_reason`."""


def stored_reason(reason: OpenReason) -> dict[str, Any]:
    return reason._asdict() | {
        name: at.isoformat() if (at := getattr(reason, name)) else None
        for name in ("since", "taken_at", "counts_from")
    }


def mark_last_known(stored: Stored) -> Stored:
    return {**stored, "is_last_known": True, "standing": "silent"} if stored.get("metric") else stored


def key_of(stored: Stored) -> ObjectKey:
    return stored["object_kind"], stored["object_id"]
