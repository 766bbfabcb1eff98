"""Operations that start a dry-run and publish the version that it covers."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.models import FrameworkVersion
from readiness.boards.dry_run import tasks
from readiness.boards.dry_run.queries import standing_of
from readiness.boards.dry_run.running import sites_to_try, take, work_on
from readiness.boards.models import DryRun
from web.permissions import MissingPermission

MAY_TRY = "boards.add_dryrun"
AT_ONCE = 50
"""Up to this many sites, the request waits for the result: one batch, a second or two. The worker tries larger fleets.
"""


class NothingToCompare(Exception):
    """The version is the one in force."""


def start(version: FrameworkVersion, *, by: User, now: datetime, at_once: int = AT_ONCE) -> DryRun:
    """Try the present content of the version on every site.

    Returns the open dry-run of this content if there is one. A small fleet is tried at once; for a large one the worker
    does it, and the run shows the progress. Raises MissingPermission, NothingToCompare.
    """
    if not by.has_perm(MAY_TRY):
        raise MissingPermission([MAY_TRY])
    run, is_new = _find_or_create_run(version, by=by, now=now, at_once=at_once)
    if is_new and run.sites_total <= at_once:
        take(run)
        work_on(run, now=now)
    return run


@transaction.atomic
def _find_or_create_run(
    version: FrameworkVersion, *, by: User, now: datetime, at_once: int
) -> tuple[DryRun, bool]:
    tried = FrameworkVersion.objects.select_for_update().defer("definition").get(pk=version.pk)
    in_force, _framework = framework_queries.current()
    if tried.pk == in_force.pk:
        raise NothingToCompare("It is in force: there is nothing to compare it with.")
    open_states = [DryRun.State.WAITING, DryRun.State.RUNNING]
    same = DryRun.objects.filter(
        version=tried, digest=tried.digest, in_force=in_force, state__in=open_states
    ).first()
    if same is not None:
        return same, False
    run = DryRun.objects.create(
        version=tried,
        revision=tried.revision,
        digest=tried.digest,
        in_force=in_force,
        requested_by=by,
        requested_at=now,
        sites_total=len(sites_to_try()),
    )
    if run.sites_total > at_once:
        transaction.on_commit(tasks.wake_dry_runs, robust=True)
    return run, True


@transaction.atomic
def publish(
    draft: FrameworkVersion,
    *,
    digest: str,
    note: str = "",
    override_reason: str = "",
    by: User,
    now: datetime,
) -> FrameworkVersion:
    """Put a draft in force if a dry-run covers exactly its content; otherwise a reason is required.

    Raises what `readiness.assessment.framework.operations.publish_draft` raises.
    """
    # Lock before reading the dry-run, so that no other version can come into force in between.
    framework_operations.hold_in_force()
    in_force = framework_queries.current()[0]
    standing = standing_of(FrameworkVersion.objects.get(pk=draft.pk), in_force, now=now)
    return framework_operations.publish_draft(
        draft,
        digest=digest,
        note=note,
        override_reason=override_reason,
        against=list(standing.against),
        by=by,
        now=now,
    )
