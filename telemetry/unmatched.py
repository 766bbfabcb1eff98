"""Why a series describes no object of the inventory, in words that say what to change."""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from telemetry.core.matching import By, MatchCandidate, ObjectKind
from telemetry.core.registry import registry
from telemetry.models import Series

# "no device named gpu-07": enough of the alternatives to act on, not all of the rules' forms.
MOST_NAMED = 3
NOUNS = {
    ObjectKind.ACCELERATOR: _("accelerator"),
    ObjectKind.DEVICE: _("device"),
    ObjectKind.PORT: _("port"),
    ObjectKind.FEED: _("power feed"),
    ObjectKind.COOLING_UNIT: _("cooling unit"),
    ObjectKind.LINK: _("link"),
    ObjectKind.SITE: _("site"),
}
_BY = {
    By.UUID: _("no single %(noun)s has the UUID %(a)s"),
    By.SERIAL: _("no single %(noun)s has the serial %(a)s"),
    By.HOST: _("no single %(noun)s is called %(a)s or has that address"),
    By.HOST_INDEX: _("device %(a)s has no %(noun)s %(b)s"),
    By.HOST_PORT: _("device %(a)s has no %(noun)s %(b)s"),
    By.NAME: _("no single %(noun)s is called %(a)s"),
    By.SLUG: _("no %(noun)s has the slug %(a)s"),
}


def why_unmatched(series: Series) -> str:
    """Needs the series' source and site loaded."""
    if series.site is None:
        return _why_no_site(series)
    tried = _best(registry().candidates({"__name__": series.metric, **series.labels}))
    if not tried:
        return gettext("Its labels name no host, port, serial or other object.")
    reasons = "; ".join(_reason(candidate, series.labels) for candidate in tried)
    return gettext("At %(site)s %(reasons)s.") % {"site": series.site, "reasons": reasons}


def _why_no_site(series: Series) -> str:
    label = series.source.site_label
    named = series.labels.get(label, "")
    if not label:
        return gettext("Its site is gone.")
    if not named:
        return gettext("The label %(label)s, which names the site, is missing.") % {"label": label}
    return gettext("No site has the slug %(slug)s (label %(label)s).") % {"slug": named, "label": label}


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
