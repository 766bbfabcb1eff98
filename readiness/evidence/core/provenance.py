"""How far a figure made of several can be trusted."""

from collections.abc import Iterable

LEAST_TRUSTED_LAST = ("measured", "declared", "estimated", "simulated")


def worst_provenance(provenances: Iterable[str]) -> str:
    return max(provenances, key=LEAST_TRUSTED_LAST.index, default=LEAST_TRUSTED_LAST[0])
