"""Procedures, documents, drills and surveys of a site."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePractice:
    pass
