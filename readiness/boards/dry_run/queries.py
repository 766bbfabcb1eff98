"""Dry-runs of a version, and whether one still covers what publishing would do."""

from dataclasses import dataclass
from datetime import datetime

from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.models import Flip
from readiness.boards.models import COUNTS_FOR, DryRun
from web.units import how_many


@dataclass(frozen=True, slots=True)
class NewestDryRun:
    """The newest dry-run of a version.

    `against` are sentences that say why it does not cover the present content. `moved` says that sites have changed
    since; that suggests another dry-run but forbids nothing.
    """

    run: DryRun | None
    against: tuple[str, ...]
    moved: str = ""

    @property
    def counts(self) -> bool:
        return not self.against


def runs(version: FrameworkVersion) -> list[DryRun]:
    latest = DryRun.objects.filter(version=version).defer("result").select_related("requested_by")
    return list(latest[:10])


def standing_of(version: FrameworkVersion, in_force: FrameworkVersion, *, now: datetime) -> NewestDryRun:
    newest = (
        DryRun.objects.filter(version=version)
        .select_related("requested_by", "in_force")
        .defer("in_force__definition")
        .first()
    )
    if newest is None:
        return NewestDryRun(None, ("There is no dry-run of it.",))
    if newest.is_open:
        return NewestDryRun(newest, ("Its dry-run is not done yet.",))
    if newest.state == DryRun.State.FAILED or newest.evaluated_at is None:
        return NewestDryRun(newest, ("Its dry-run failed.",))
    against = []
    if newest.digest != version.digest:
        against.append(f"The draft was edited since its dry-run, which tried revision {newest.revision}.")
    if newest.in_force_id != in_force.pk:
        against.append(
            f"Its dry-run compared with {newest.in_force.version}; {in_force.version} is in force since."
        )
    if now - newest.evaluated_at > COUNTS_FOR:
        against.append(
            f"Its dry-run is older than {COUNTS_FOR.days * 24 + COUNTS_FOR.seconds // 3600} h "
            "(operator-set default)."
        )
    return NewestDryRun(newest, tuple(against), _moved(newest.evaluated_at))


def _moved(since: datetime) -> str:
    moved = Flip.objects.filter(at__gt=since).exclude(subject=Flip.Subject.HEALTH)
    sites = moved.order_by().values("site_id").distinct().count()
    if not sites:
        return ""
    have = how_many(sites, "site has", "sites have")
    return f"{have} moved since, so the result may differ now."
