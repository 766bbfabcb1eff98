"""The tasks of the features of this room, for the worker, which looks for them here."""

from readiness.boards.digests.tasks import send_digests
from readiness.boards.dry_run.tasks import dry_runs

__all__ = ["dry_runs", "send_digests"]
