"""The stack of a site, in words: equipment and workloads, by which rules find the skills that it needs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from inventory.core import ACCELERATOR, FABRIC_DEVICES, Equipment, SiteFacts
from readiness.organisation.people.core.coverage import StackItem


class StackSubject(StrEnum):
    """Subjects of rules."""

    SITE = "site"
    ACCELERATOR_VENDOR = "accelerator-vendor"
    FABRIC_VENDOR = "fabric-vendor"
    FABRIC = "fabric"
    COOLING = "cooling"
    POWER = "power"
    WORKLOAD = "workload"


UPS, GENERATOR, DUAL_FEED = "ups", "generator", "dual-feed"
"""Values of power equipment."""
_ROLES = {
    ACCELERATOR: ("accelerator", "accelerators"),
    "switch": ("switch", "switches"),
    "router": ("router", "routers"),
    "gateway": ("gateway", "gateways"),
}


def installed(
    site: SiteFacts, workloads: Iterable[str], names: Mapping[str, Mapping[str, str]]
) -> tuple[StackItem, ...]:
    """`workloads` are the kinds of those placed here, `names` the names of values by subject."""

    def each(subject: StackSubject, values: Iterable[str], words: str) -> Iterator[StackItem]:
        for value in sorted(values):
            yield StackItem(subject.value, value, words.format(names[subject].get(value, value)))

    return (
        StackItem(StackSubject.SITE.value, site.slug, "needed at every site"),
        *_equipment(StackSubject.ACCELERATOR_VENDOR, site.equipment, {ACCELERATOR}),
        *_equipment(StackSubject.FABRIC_VENDOR, site.equipment, FABRIC_DEVICES),
        *each(StackSubject.FABRIC, site.fabrics, "{} between accelerators"),
        *each(StackSubject.COOLING, site.cooling_media, "{} cooling"),
        *_power(site),
        *each(StackSubject.WORKLOAD, workloads, "{} is placed here"),
    )


def _equipment(
    subject: StackSubject, equipment: Iterable[Equipment], roles: Iterable[str]
) -> Iterator[StackItem]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in equipment:
        if each.role in roles:
            counts[each.vendor, each.vendor_name][each.role] += each.count
    for (vendor, name), by_role in sorted(counts.items()):
        words = " and ".join(_count_words(count, *_ROLES[role]) for role, count in sorted(by_role.items()))
        yield StackItem(subject.value, vendor, f"{words} of {name}", vendor)


def _power(site: SiteFacts) -> Iterator[StackItem]:
    power = StackSubject.POWER.value
    if site.ups_units:
        yield StackItem(power, UPS, _count_words(site.ups_units, "UPS", "UPS units"))
    if site.generator_start_s is not None:
        yield StackItem(power, GENERATOR, "a generator")
    if site.dual_fed_racks:
        words = _count_words(site.dual_fed_racks, "rack with two feeds", "racks with two feeds")
        yield StackItem(power, DUAL_FEED, words)


def _count_words(count: int, noun: str, nouns: str) -> str:
    return f"{count} {noun if count == 1 else nouns}"
