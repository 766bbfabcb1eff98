"""The mapping in force, for the labels of several alerts at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Lower

from inventory.models import Device, Site
from readiness.loop.alerts.core.inbound.mapping import (
    LabelMapping,
    LabelRule,
    map_labels,
    read_conditions,
    site_texts,
)
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.models import AlertSender, InboundRule
from telemetry.core.matching import host_forms

type Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AlertPlace:
    """Where an alert belongs: `object` is the name that the inventory has, if it knows the object."""

    mapping: LabelMapping
    site_id: int | None
    object: str


def places_of(labels: Sequence[Labels], sender: AlertSender) -> list[AlertPlace]:
    """Map the labels of alerts; three statements, however many there are."""
    rules = rules_for(sender)
    own_site = sender.site.slug if sender.site is not None else ""
    sites, ids = _sites_of(labels, rules, sender)
    mappings = [map_labels(each, rules, sites=sites, own_site=own_site) for each in labels]
    names = _device_names([(ids[each.site], each.object) for each in mappings if each.site and each.object])
    return [
        AlertPlace(each, ids.get(each.site), names.get((ids.get(each.site), each.object), each.object))
        for each in mappings
    ]


def rules_for(sender: AlertSender) -> list[LabelRule]:
    rows = InboundRule.objects.filter(Q(sender=sender) | Q(sender=None)).select_related("site")
    return [
        LabelRule(
            id=row.pk,
            name=row.name,
            conditions=read_conditions(row.conditions),
            is_ignored=row.is_ignored,
            site=row.site.slug if row.site is not None else "",
            site_label=row.site_label,
            object_labels=tuple(name.strip() for name in row.object_labels.split(",") if name.strip()),
            domain=row.domain,
            check_id=row.check_id,
            severity=AlertSeverity(row.severity) if row.severity else None,
        )
        for row in rows
    ]


def _sites_of(
    labels: Sequence[Labels], rules: Sequence[LabelRule], sender: AlertSender
) -> tuple[dict[str, str], dict[str, int]]:
    """Slugs by the slugs and names that the labels may mean, and ids by slug. A slug goes before a name."""
    texts = site_texts(labels, rules)
    slugs = {rule.site for rule in rules if rule.site} | texts
    may_mean = Q(slug__in=slugs) | Q(lower_name__in=texts) | Q(pk=sender.site_id or 0)
    rows = list(
        Site.objects.annotate(lower_name=Lower("name"))
        .filter(may_mean)
        .values_list("pk", "slug", "lower_name")
        .order_by("pk")
    )
    by_text = {name: slug for _, slug, name in rows} | {slug: slug for _, slug, _ in rows}
    return by_text, {slug: pk for pk, slug, _ in rows}


def _device_names(objects: Sequence[tuple[int, str]]) -> dict[tuple[int | None, str], str]:
    """Names of devices by site and the text that a label has for them: an address with a port, or a full host name."""
    forms = {(site_id, text): (text, *host_forms(text)) for site_id, text in objects}
    rows = Device.objects.filter(
        site__in={site_id for site_id, _ in forms},
        name__in={name for names in forms.values() for name in names},
    ).values_list("site", "name")
    devices = set(rows) if forms else set()
    return {
        (site_id, text): next((name for name in names if (site_id, name) in devices), text)
        for (site_id, text), names in forms.items()
    }
