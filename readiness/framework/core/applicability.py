"""Whether a check applies at a site, and how much it decides there."""

from readiness.framework.core.conditions import SiteContext
from readiness.framework.core.definition import Check, SubMeasure
from readiness.framework.core.vocabulary import Gate


def applicable(item: Check | SubMeasure, site: SiteContext) -> tuple[bool, str]:
    """Whether a check or a sub-measure applies at the site, and the reason when it does not.

    A site without declared profiles is measured against everything.
    """
    if site.profiles and item.profiles.isdisjoint(site.profiles):
        return False, f"Applies to {' and '.join(sorted(item.profiles))} sites only."
    for rule in item.exclusions:
        if rule.when.holds(site):
            return False, rule.reason
    return True, ""


def gate_for(check: Check, site: SiteContext) -> Gate:
    for rule in check.gate_rules:
        if rule.when.holds(site):
            return rule.gate
    return check.gate


def part_gate(part: SubMeasure, check_gate: Gate) -> Gate:
    if part.gate is None or part.gate.rank >= check_gate.rank:
        return check_gate
    return part.gate
