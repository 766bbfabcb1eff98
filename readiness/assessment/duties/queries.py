"""Registers of sites, as scoring and pages read them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import DateTimeField, DurationField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Least
from django.db.models.lookups import LessThanOrEqual

from inventory.core import SiteFacts
from readiness.assessment.duties.core.register import RegisterItem, SiteRegister, instant_due
from readiness.assessment.duties.models import Certificate, DutyEntry


def is_counting(now: datetime) -> Q:
    """A condition for certificates that nobody gave up. The day is that of UTC: whoever gives one up chooses it."""
    return Q(given_up_on=None) | Q(given_up_on__gt=now.date())


def counting_certificates(*, now: datetime) -> QuerySet[Certificate]:
    return Certificate.objects.filter(is_counting(now))


def is_overdue(now: datetime) -> Q:
    """A condition for duties whose hour is over by the clocks of their site, as `instant_due` counts."""
    return Q(applies=True) & Q(LessThanOrEqual(_due_at(F("due_on")), Value(now)))


def is_certificate_overdue(now: datetime) -> Q:
    first_day = Least("surveillance_on", "expires_on")
    return is_counting(now) & Q(LessThanOrEqual(_due_at(first_day), Value(now)))


def _due_at(on: F | Least) -> Func:
    hours = Func(*(Value(0),) * 4, F("due_hour"), function="make_interval", output_field=DurationField())
    return Func(F("site__time_zone"), on + hours, function="timezone", output_field=DateTimeField())


def registers(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SiteRegister]:
    """The register of each site where somebody keeps one: a duty has an owner or proof, or there
    is a certificate. Two statements."""
    items: dict[int, list[RegisterItem]] = defaultdict(list)
    kept_by: set[int] = set()
    entries = DutyEntry.objects.filter(site__in=sites, applies=True).order_by("duty__name", "pk")
    for site_id, name, due_on, hour, owner_id, dissolved_at, filed_on in entries.values_list(
        *("site_id", "duty__name", "due_on", "due_hour", "owner_id", "owner__dissolved_at", "filed_on")
    ):
        due_at = instant_due(due_on, hour, sites[site_id].time_zone)
        items[site_id].append(RegisterItem(name, due_at, owner_id is not None, dissolved_at))
        if owner_id is not None or filed_on is not None:
            kept_by.add(site_id)
    for certificate in _certificates(sites, now):
        item = certificate_item(certificate, sites[certificate.site_id].time_zone)
        items[certificate.site_id].append(item)
        kept_by.add(certificate.site_id)
    return {site_id: SiteRegister(tuple(items[site_id])) for site_id in sorted(kept_by)}


def _certificates(site_ids: Collection[int], now: datetime) -> QuerySet[Certificate]:
    certificates = counting_certificates(now=now).filter(site__in=site_ids)
    return certificates.select_related("owner").order_by("scheme", "number", "pk")


def certificate_item(certificate: Certificate, zone: str) -> RegisterItem:
    """Due when its next audit is, or when it runs out, whichever is first."""
    days = [on for on in (certificate.surveillance_on, certificate.expires_on) if on is not None]
    due_at = instant_due(min(days, default=None), certificate.due_hour, zone)
    owner = certificate.owner
    return RegisterItem(str(certificate), due_at, owner is not None, owner.dissolved_at if owner else None)


def standing_word(due_at: datetime | None, *, is_owned: bool, applies: bool = True, now: datetime) -> str:
    """One word for a row of the register."""
    item = RegisterItem("", due_at, is_owned)
    if not applies:
        return "ended"
    if item.overdue_at(now):
        return "overdue"
    if not is_owned:
        return "unowned"
    return "due soon" if item.soon_at(now) else "in time"
