"""Stack of a site, in the terms that rules of requirements ask about it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from inventory.models import Device
from inventory.queries import ACCELERATOR, FABRIC_DEVICES, Equipment, SiteFacts
from readiness.organisation.people.core.coverage import StackItem
from readiness.organisation.people.models import CapabilityRule
from readiness.organisation.people.models.skills import DUAL_FEED, GENERATOR, SUBJECT_VALUES, UPS
from web.units import plural

Subject = CapabilityRule.Subject
ROLES = {
    ACCELERATOR: ("accelerator", "accelerators"),
    Device.Role.SWITCH: ("switch", "switches"),
    Device.Role.ROUTER: ("router", "routers"),
    Device.Role.GATEWAY: ("gateway", "gateways"),
}


def installed(site: SiteFacts, workloads: Iterable[str]) -> tuple[StackItem, ...]:
    return (
        StackItem(Subject.SITE, site.slug, "needed at every site"),
        *_made(Subject.ACCELERATOR_VENDOR, site.equipment, {ACCELERATOR}),
        *_made(Subject.FABRIC_VENDOR, site.equipment, FABRIC_DEVICES),
        *_known(Subject.FABRIC, site.fabrics, "{} between accelerators"),
        *_known(Subject.COOLING, site.cooling_media, "{} cooling"),
        *_power(site),
        *_known(Subject.WORKLOAD, workloads, "{} is placed here"),
    )


def _made(subject: str, equipment: Iterable[Equipment], roles: Iterable[str]) -> Iterator[StackItem]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in equipment:
        if each.role in roles:
            counts[each.vendor, each.vendor_name][each.role] += each.count
    for (vendor, name), by_role in sorted(counts.items()):
        words = " and ".join(
            plural(count, *(f"{count} {word}" for word in ROLES[role]))
            for role, count in sorted(by_role.items())
        )
        yield StackItem(subject, vendor, f"{words} of {name}", vendor)


def _known(subject: Subject, values: Iterable[str], words: str) -> Iterator[StackItem]:
    for value in sorted(values):
        yield StackItem(subject, value, words.format(SUBJECT_VALUES[subject.value].get(value, value)))


def _power(site: SiteFacts) -> Iterator[StackItem]:
    if site.ups_units:
        yield StackItem(Subject.POWER, UPS, plural(site.ups_units, "1 UPS", f"{site.ups_units} UPS units"))
    if site.generator_start_s is not None:
        yield StackItem(Subject.POWER, GENERATOR, "a generator")
    if site.dual_fed_racks:
        fed = site.dual_fed_racks
        yield StackItem(
            Subject.POWER, DUAL_FEED, plural(fed, "1 rack with two feeds", f"{fed} racks with two feeds")
        )
