"""Who covers what a site requires."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCoverage:
    pass
