"""Why a series describes no object of the inventory, in words that say what to change."""

from collections.abc import Mapping

from telemetry.core.matching import By, MatchCandidate, ObjectKind
from telemetry.core.registry import registry
from telemetry.models import Series

# "no device named gpu-07": enough of the alternatives to act on, not all of the rules' forms.
MOST_NAMED = 3
NOUNS = {
    ObjectKind.ACCELERATOR: "accelerator",
    ObjectKind.DEVICE: "device",
    ObjectKind.PORT: "port",
    ObjectKind.FEED: "power feed",
    ObjectKind.COOLING_UNIT: "cooling unit",
    ObjectKind.LINK: "link",
    ObjectKind.SITE: "site",
}
_BY = {
    By.UUID: "no single %(noun)s has the UUID %(a)s",
    By.SERIAL: "no single %(noun)s has the serial %(a)s",
    By.HOST: "no single %(noun)s is called %(a)s or has that address",
    By.HOST_INDEX: "device %(a)s has no %(noun)s %(b)s",
    By.HOST_PORT: "device %(a)s has no %(noun)s %(b)s",
    By.NAME: "no single %(noun)s is called %(a)s",
    By.SLUG: "no %(noun)s has the slug %(a)s",
}


def why_unmatched(series: Series) -> str:
    if series.site is None:
        return _why_no_site(series)
    tried = _best(registry().candidates({"__name__": series.metric, **series.labels}))
    if not tried:
        return "Its labels name no host, port, serial or other object."
    reasons = "; ".join(_reason(candidate, series.labels) for candidate in tried)
    return f"At {series.site} {reasons}."


def _why_no_site(series: Series) -> str:
    label = series.source.site_label
    named = series.labels.get(label, "")
    if not label:
        return "Its site is gone."
    if not named:
        return f"The label {label}, which names the site, is missing."
    return f"No site has the slug {named} (label {label})."


def _best(candidates: list[MatchCandidate]) -> list[MatchCandidate]:
    """One of each kind and key part: the short forms of a host say nothing new."""
    kept: dict[tuple[str, str], MatchCandidate] = {}
    for candidate in candidates:
        kept.setdefault((candidate.kind, candidate.by), candidate)
    return list(kept.values())[:MOST_NAMED]


def _reason(candidate: MatchCandidate, labels: Mapping[str, str]) -> str:
    # Keys are in lower case; a reader looks for what the label says.
    written = {value.lower(): value for value in labels.values()}
    parts = [written.get(part, part) for part in candidate.key]
    return str(_BY[candidate.by]) % {"noun": NOUNS[candidate.kind], "a": parts[0], "b": parts[-1]}
