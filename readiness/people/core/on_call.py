"""Who is on call, and how a rotation stands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallStanding:
    pass
