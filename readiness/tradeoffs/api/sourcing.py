"""The source of a value, read from a validated object."""

from collections.abc import Mapping
from typing import Any

from readiness.tradeoffs.core.entries import Sourcing


def sourcing_of(given: Mapping[str, Any]) -> Sourcing:
    return Sourcing(
        basis=given.get("basis", "declared"),
        provenance=given.get("provenance", "declared"),
        source=given["source"],
        as_of_on=given["as_of_on"],
        until_on=given.get("until_on"),
        note=given.get("note", ""),
    )
