"""Obstacles in the way of a go. No database."""

from __future__ import annotations

from dataclasses import dataclass

CHECK = "p4-golive-review"
"""The check that a review proves. It is not held against its own review."""


@dataclass(frozen=True, slots=True)
class BlockingChecks:
    """A site's BLOCK checks at an instant: `blocking` hold it back, under no exception. `failure` says why they could
    not be judged since.
    """

    judged: bool
    blocking: tuple[str, ...]
    failure: str = ""

    @property
    def held_by(self) -> tuple[str, ...]:
        return tuple(check_id for check_id in self.blocking if check_id != CHECK)
