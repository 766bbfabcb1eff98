"""Alerts of sites whose verdict dropped, which end once it is what it was."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models.functions import Coalesce

from inventory.models import Site
from readiness.assessment.scoring.core.states import VERDICTS, CheckState, Gate, Verdict
from readiness.assessment.scoring.models import CheckResult, Flip
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.core.severity import Stake, weighed
from readiness.loop.alerts.models import Alert, EndedBy
from readiness.loop.alerts.raising.problems import key_of as problem_key
from readiness.loop.alerts.raising.stakes import stakes_of
from readiness.loop.alerts.raising.writing import write
from readiness.loop.problems.core.problem import Identity
from readiness.loop.problems.core.states import ProblemKind

READ_AT_ONCE = 5_000
PAGE = "/sites/"
SETTLES = timedelta(seconds=10)
"""Until then the problem of the check is written from which the verdict follows, so that both are told as one."""
SEVERITIES = {Verdict.NOT_READY: AlertSeverity.ERROR, Verdict.CONDITIONAL: AlertSeverity.WARNING}
_LABELS = {Verdict(value): str(label) for value, label in VERDICTS}
_VERDICTS = {label: verdict for verdict, label in _LABELS.items()}
_RANKS = {verdict: rank for rank, verdict in enumerate(Verdict)}


def first_position(*, now: datetime) -> int:
    flips = Flip.objects.filter(position__isnull=False, at__lte=now - SETTLES).order_by("-position")
    return flips.values_list("position", flat=True).first() or 0


def read_on(position: int, *, began_at: datetime, now: datetime) -> int:
    """Write the alerts of verdicts that changed after a position; returns the position up to which they were read.

    What changed before alerting began raises none, however late it was written: a past that is loaded is no news.
    """
    last_position = first_position(now=now)
    verdicts = Flip.objects.filter(
        subject=Flip.Subject.VERDICT, position__gt=position, position__lte=last_position, at__gte=began_at
    )
    flips = list(verdicts.select_related("site").order_by("position")[:READ_AT_ONCE])
    if flips:
        _write(flips, now=now)
    return flips[-1].position or last_position if len(flips) == READ_AT_ONCE else last_position


def _write(flips: Iterable[Flip], *, now: datetime) -> None:
    by_site = {
        site_id: list(of_site)
        for site_id, of_site in groupby(
            sorted(flips, key=lambda flip: flip.site_id), lambda flip: flip.site_id
        )
    }
    stakes = stakes_of(by_site, now=now)
    open_alerts = Alert.objects.open().filter(kind=AlertKind.VERDICT, site__in=by_site)
    verdicts_before = {alert.site_id: _VERDICTS.get(alert.limit) for alert in open_alerts}
    causes = _failing_checks(by_site)
    present, endings = [], {}
    for site_id, of_site in by_site.items():
        before = verdicts_before.get(site_id) or _verdict(of_site[0].from_state)
        verdict = _verdict(of_site[-1].to_state)
        if before is None or verdict is None or _RANKS[verdict] <= _RANKS[before]:
            endings[key_of(site_id)] = EndedBy.RULE if verdict is None else EndedBy.EVIDENCE
        else:
            present.append(
                _dropped_verdict(of_site[-1], before, verdict, stakes[site_id], causes.get(site_id, ""))
            )
    write(present, endings=endings, now=now)


def _verdict(state: str) -> Verdict | None:
    return Verdict(state) if state in _RANKS else None


def _failing_checks(site_ids: Iterable[int]) -> dict[int, str]:
    """The key of the alert of each site's blocking check that failed first: the verdict follows from it."""
    results = CheckResult.objects.filter(site__in=list(site_ids), gate=Gate.BLOCK, state=CheckState.FAIL)
    began_at = Coalesce("first_bad_at", "since")
    rows = results.order_by(began_at.desc(), "-check_id").values_list("site_id", "check_id")
    return {
        site_id: problem_key(site_id, Identity(ProblemKind.CHECK, check_id)) for site_id, check_id in rows
    }


def _dropped_verdict(
    flip: Flip, before: Verdict, verdict: Verdict, stake: Stake, cause_key: str
) -> PresentAlert:
    site: Site = flip.site
    return PresentAlert(
        key=key_of(site.pk),
        kind=AlertKind.VERDICT,
        group=f"verdict:{site.region_id}",
        severity=weighed(SEVERITIES[verdict], stake),
        title=f"Verdict dropped to {_LABELS[verdict].lower()}",
        detail=flip.reason,
        value=_LABELS[verdict],
        limit=_LABELS[before],
        url=f"{PAGE}{site.slug}/",
        site_id=site.pk,
        kw=stake.kw,
        workloads=stake.workloads,
        began_at=flip.at,
        cause_key=cause_key,
    )


def key_of(site_id: int) -> str:
    return f"verdict:{site_id}"
