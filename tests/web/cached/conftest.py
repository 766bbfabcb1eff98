"""A scene with rows of everything, so that each kept answer reads all that it ever reads."""

from tests.web.routes.conftest import (
    answered,
    campaign,
    contradicted,
    decided,
    drafted,
    emptied_samples,
    everything,
    explained,
    granted,
    people,
    proven,
    review,
    small_fleet,
    weighed,
    whole,
    working,
)

__all__ = [
    "answered",
    "campaign",
    "contradicted",
    "decided",
    "drafted",
    "emptied_samples",
    "everything",
    "explained",
    "granted",
    "people",
    "proven",
    "review",
    "small_fleet",
    "weighed",
    "whole",
    "working",
]
