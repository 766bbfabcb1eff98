"""Names of figures made of series: the one place that says rate, sum, mean, highest or lowest, and of how many.

The words follow `QuerySpec`, which says how the figure is worked out, so that name and figure cannot part.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from telemetry.core.spec import Aggregation, QuerySpec
from web.units import duration, number

# What becomes of the readings of one series within a step.
PER_STEP: dict[Aggregation, str | Promise] = {
    Aggregation.AVG: _("mean"),
    Aggregation.MIN: _("lowest"),
    Aggregation.MAX: _("highest"),
    Aggregation.SUM: _("sum"),
    Aggregation.COUNT: _("number of samples"),
    Aggregation.LAST: _("last"),
    Aggregation.RATE: _("rate per second"),
    Aggregation.INCREASE: _("increase"),
    Aggregation.QUANTILE: _("quantile"),
}


def title(metric: str, spec: QuerySpec, series: int) -> str:
    """The metric's name with all that was done to its readings: "Received, rate, sum of 3 series"."""
    parts = [metric]
    if spec.aggregation is Aggregation.RATE:
        parts.append(gettext("rate"))
    elif spec.aggregation is Aggregation.QUANTILE:
        parts.append(f"p{100 * (spec.quantile or 0):.6g}")
    elif spec.aggregation is not Aggregation.AVG:
        parts.append(str(PER_STEP[spec.aggregation]))
    if spec.group_by == () and series > 1:
        parts.append(together(spec.combine, series))
    elif spec.group_by and series > 1:
        by = gettext("by %(labels)s") % {"labels": ", ".join(spec.group_by)}
        parts.append(f"{together(spec.combine, series)} {by}")
    return ", ".join(parts)


def together(combine: Aggregation, series: int) -> str:
    """Return what becomes of the lines of several series at one instant; `QuerySpec.combine` chooses it."""
    return gettext("%(how)s of %(n)s series") % {"how": PER_STEP[combine], "n": number(series)}


def step(spec: QuerySpec) -> str:
    """Return what one point stands for: "each point the mean of 5 min"."""
    how = PER_STEP[spec.aggregation]
    if spec.aggregation is Aggregation.RATE:
        how = gettext("mean rate")
    return gettext("each point the %(how)s of %(step)s") % {"how": how, "step": duration(spec.step_s)}


def left_out(count: int) -> str:
    """Return what the figure does not count; "" where nothing was left out."""
    if not count:
        return ""
    words = ngettext(
        "without %(n)s series of a loopback or virtual interface",
        "without %(n)s series of loopback or virtual interfaces",
        count,
    )
    return words % {"n": number(count)}
