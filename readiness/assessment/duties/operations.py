"""Write registers by rule, and file proof that a duty was met."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site
from readiness.assessment.duties.core.register import SOON
from readiness.assessment.duties.core.rules import applies, due_after_proof, next_due
from readiness.assessment.duties.models import Certificate, DutyEntry, DutyProfile, LegalDuty, subject_of
from readiness.assessment.duties.queries import is_counting
from readiness.demand.workloads.core.countries import GROUPS
from readiness.organisation.people.models import Team
from web.workflows import Turn, awaits, require
from web.workflows.waiting import subjects_by

MAY_FILE = "duties.file_dutyentry"
MAY_RENEW = "duties.change_certificate"


def _is_of_own_team(by: Any) -> Q:
    return Q(owner__in=Team.objects.filter(people__user=by).order_by().values("pk"))


def duties_to_file(by: Any, now: datetime) -> Q:
    """A condition for the duties of this user's teams that are due soon or overdue."""
    return _is_of_own_team(by) & Q(applies=True, due_on__lte=(now + SOON).date())


def _certificates_due(by: Any, now: datetime, column: str) -> Q:
    return _is_of_own_team(by) & is_counting(now) & Q(**{f"{column}__lte": (now + SOON).date()})


FILING = Turn(
    kind="File proof of a duty",
    verb="File",
    tab="duty-entry-list",
    page="duty-entry-detail",
    of=duties_to_file,
    subjects=subjects_by(lambda entry: str(entry.duty)),
    due="due_on",
    joined=("site", "duty"),
)
AUDITING = Turn(
    kind="Have a certificate audited",
    verb="Open",
    tab="certificate-list",
    page="certificate-detail",
    of=lambda by, now: _certificates_due(by, now, "surveillance_on"),
    subjects=subjects_by(str),
    due="surveillance_on",
)
RENEWING = Turn(
    kind="Renew a certificate",
    verb="Open",
    tab="certificate-list",
    page="certificate-detail",
    of=lambda by, now: _certificates_due(by, now, "expires_on"),
    subjects=subjects_by(str),
    due="expires_on",
)
awaits(DutyEntry, MAY_FILE, turn=FILING)
awaits(Certificate, MAY_RENEW, turn=AUDITING)
awaits(Certificate, MAY_RENEW, turn=RENEWING)


@transaction.atomic
def keep_registers(*, now: datetime) -> int:
    """Add the duties that came to apply to sites, end those that apply no longer; return how many rows changed.

    An entry by rule without owner, proof and note is deleted with its rule; any other stays, and says that it ended.
    Dates in a register stay as they are.
    """
    applicable = dict(_applicable_duties())
    entries = {
        (entry.site_id, entry.duty_id): entry
        for entry in DutyEntry.objects.select_for_update().order_by("pk")
    }
    new_entries = [
        DutyEntry(
            site_id=site.pk, duty_id=duty.pk, by_rule=True, due_on=next_due(duty.rule, _today(site, now))
        )
        for key, (site, duty) in applicable.items()
        if key not in entries
    ]
    DutyEntry.objects.bulk_create(new_entries, ignore_conflicts=True)
    ended_entries, revived_entries, removed_ids = [], [], []
    for key, entry in entries.items():
        if key in applicable:
            if not entry.applies or not entry.by_rule:
                entry.applies = entry.by_rule = True
                revived_entries.append(entry)
        elif entry.by_rule and entry.owner_id is None and entry.filed_on is None and not entry.note:
            removed_ids.append(entry.pk)
        elif entry.by_rule and entry.applies:
            entry.applies = False
            ended_entries.append(entry)
    DutyEntry.objects.bulk_update([*ended_entries, *revived_entries], ["applies", "by_rule"])
    DutyEntry.objects.filter(pk__in=removed_ids).delete()
    return len(new_entries) + len(ended_entries) + len(revived_entries) + len(removed_ids)


def _applicable_duties() -> Iterator[tuple[tuple[int, int], tuple[Site, LegalDuty]]]:
    duties = list(LegalDuty.objects.filter(is_in_force=True).order_by("pk"))
    rules = [(duty, duty.rule) for duty in duties]
    profiles = {profile.site_id: profile for profile in DutyProfile.objects.order_by("pk")}
    for site in Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("pk"):
        subject = subject_of(site, profiles.get(site.pk))
        for duty, rule in rules:
            if applies(rule, subject, GROUPS):
                yield (site.pk, duty.pk), (site, duty)


def _today(site: Site, now: datetime) -> date:
    return now.astimezone(ZoneInfo(site.time_zone)).date()


@transaction.atomic
def file_proof(
    entry: DutyEntry, *, filed_on: date, proof: str, proof_url: str = "", by: User, now: datetime
) -> DutyEntry:
    """File the proof that a duty was met, and move its date to the next one by rule.

    Raises MissingPermission, and ValidationError by field: a day to come, or none after the last proof.
    """
    require(by, MAY_FILE)
    locked = DutyEntry.objects.select_for_update(of=("self",)).select_related("site", "duty").get(pk=entry.pk)
    if filed_on > _today(locked.site, now):
        raise ValidationError(
            {"filed_on": ["Proof is filed once the duty was met: enter a day until today."]}
        )
    # Sent twice, it would move the date twice.
    if locked.filed_on is not None and filed_on <= locked.filed_on:
        raise ValidationError({"filed_on": ["There is proof of that day or of a later one already."]})
    locked.due_on = due_after_proof(locked.duty.rule, locked.due_on, filed_on)
    locked.filed_on, locked.proof, locked.proof_url = filed_on, proof.strip(), proof_url
    locked.full_clean()
    locked.save(update_fields=["due_on", "filed_on", "proof", "proof_url"])
    return locked
