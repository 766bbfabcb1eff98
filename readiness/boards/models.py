"""Models of the pages' own: trials of a version of the framework."""

from readiness.boards.dry_run.models import DryRun

__all__ = ["DryRun"]
