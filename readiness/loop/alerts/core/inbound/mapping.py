"""Which site, object and severity an alert of another system has, by rules in their order.

A condition is a line `label=text` or `label!=text`, in which * stands for any text; a label that is missing is empty.
The first rule whose conditions all hold decides. What it leaves open follows from the usual labels.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from readiness.loop.alerts.core.inbound.messages import line_of
from readiness.loop.alerts.core.kinds import AlertSeverity

SITE_LABELS = ("site", "datacenter", "dc", "cluster")
OBJECT_LABELS = ("instance", "node", "hostname", "host", "device", "object")
SEVERITY_LABELS = ("severity", "priority", "level", "urgency")
OWN_LABEL = "muster_key"
"""Muster puts this label on the alerts that it sends. An alert that comes back with it raises no second one."""
_WORDS: Mapping[AlertSeverity, tuple[str, ...]] = {
    AlertSeverity.CRITICAL: ("critical", "page", "fatal", "emergency", "disaster", "high", "p1", "sev1", "1"),
    AlertSeverity.ERROR: ("error", "major", "err", "p2", "sev2", "2"),
    AlertSeverity.WARNING: ("warning", "warn", "minor", "low", "p3", "sev3", "3"),
    AlertSeverity.INFO: (
        "info",
        "information",
        "informational",
        "notice",
        "none",
        "debug",
        "p4",
        "p5",
        "sev4",
        "4",
    ),
}
SEVERITY_OF = {word: severity for severity, words in _WORDS.items() for word in words}


class ConditionNotRead(ValueError):
    """A line is no condition; the message says which."""


@dataclass(frozen=True, slots=True)
class LabelCondition:
    label: str
    pattern: str
    is_negated: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        return fnmatchcase(labels.get(self.label, "").lower(), self.pattern.lower()) != self.is_negated


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRule:
    """`site` is a slug; without one the value of `site_label` is. `is_ignored` raises nothing. "" leaves open."""

    id: int
    name: str
    conditions: tuple[LabelCondition, ...] = ()
    is_ignored: bool = False
    site: str = ""
    site_label: str = ""
    object_labels: tuple[str, ...] = ()
    domain: str = ""
    check_id: str = ""
    severity: AlertSeverity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMapping:
    """`site` is the slug of a site that exists; "" with a `reason` if there is none. `rule` is None where the usual
    labels decided."""

    site: str = ""
    object: str = ""
    domain: str = ""
    check_id: str = ""
    severity: AlertSeverity = AlertSeverity.WARNING
    rule: LabelRule | None = None
    is_ignored: bool = False
    reason: str = ""


def read_conditions(text: str) -> tuple[LabelCondition, ...]:
    return tuple(_condition(line.strip()) for line in text.splitlines() if line.strip())


def _condition(line: str) -> LabelCondition:
    label, sign, pattern = line.partition("=")
    if not sign or not label.strip(" !"):
        raise ConditionNotRead(f"Write a condition as label=text: {line}")
    return LabelCondition(label.removesuffix("!").strip(), pattern.strip().strip('"'), label.endswith("!"))


def map_labels(
    labels: Mapping[str, str], rules: Iterable[LabelRule], *, sites: Mapping[str, str], own_site: str = ""
) -> LabelMapping:
    """`sites` has the slugs of sites by their slugs and names in lower case; `own_site` is the only one that the sender
    may tell of, "" for one that tells of all."""
    if labels.get(OWN_LABEL):
        return LabelMapping(is_ignored=True, reason="Muster raised it itself")
    rule = next((rule for rule in rules if all(each.holds(labels) for each in rule.conditions)), None)
    if rule is not None and rule.is_ignored:
        return LabelMapping(is_ignored=True, rule=rule, reason=f"rule {rule.name} leaves it out")
    site, reason = _site_of(labels, rule, sites, own_site)
    return LabelMapping(
        site=site,
        object=_object_name(labels, rule),
        domain=rule.domain if rule else "",
        check_id=rule.check_id if rule else "",
        severity=(rule.severity if rule else None) or severity_in(labels),
        rule=rule,
        reason=reason,
    )


def _site_of(
    labels: Mapping[str, str], rule: LabelRule | None, sites: Mapping[str, str], own_site: str
) -> tuple[str, str]:
    names = [rule.site_label] if rule and rule.site_label else SITE_LABELS
    value = next((labels[name] for name in names if labels.get(name)), "")
    site = rule.site if rule and rule.site else sites.get(value.strip().lower(), "")
    if own_site and site in ("", own_site):
        return own_site, ""
    if own_site:
        return "", f"it is of {site}, and its sender may only tell of {own_site}"
    if site:
        return site, ""
    if value:
        return "", f"no site has the slug or name {value[:100]}"
    return "", f"none of its labels names a site: {', '.join(names)}"


def _object_name(labels: Mapping[str, str], rule: LabelRule | None) -> str:
    names = rule.object_labels if rule and rule.object_labels else OBJECT_LABELS
    return line_of(next((labels[name] for name in names if labels.get(name)), ""), 200)


def severity_in(labels: Mapping[str, str]) -> AlertSeverity:
    """Return the worst that the usual labels say; what nobody called critical is a warning."""
    words = [labels.get(name, "").strip().lower() for name in SEVERITY_LABELS]
    return min(
        (SEVERITY_OF[word] for word in words if word in SEVERITY_OF),
        key=lambda severity: severity.rank,
        default=AlertSeverity.WARNING,
    )


def site_texts(labels: Sequence[Mapping[str, str]], rules: Iterable[LabelRule]) -> set[str]:
    """Return the texts, in lower case, that labels may name a site by."""
    names = {*SITE_LABELS, *(rule.site_label for rule in rules if rule.site_label)}
    return {each[name].strip().lower() for each in labels for name in names if each.get(name)}
