"""Names of figures made of series: the one place that says rate, sum, mean, highest or lowest, and of how many.

The words follow `QuerySpec`, which says how the figure is worked out, so that name and figure cannot part.
"""

from telemetry.core.spec import Aggregation, QuerySpec
from web.units import duration, number, plural

# What becomes of the readings of one series within a step.
PER_STEP: dict[Aggregation, str] = {
    Aggregation.AVG: "mean",
    Aggregation.MIN: "lowest",
    Aggregation.MAX: "highest",
    Aggregation.SUM: "sum",
    Aggregation.COUNT: "number of samples",
    Aggregation.LAST: "last",
    Aggregation.RATE: "rate per second",
    Aggregation.INCREASE: "increase",
    Aggregation.QUANTILE: "quantile",
}


def title(metric: str, spec: QuerySpec, series: int) -> str:
    parts = [metric]
    if spec.aggregation is Aggregation.RATE:
        parts.append("rate")
    elif spec.aggregation is Aggregation.QUANTILE:
        parts.append(f"p{100 * (spec.quantile or 0):.6g}")
    elif spec.aggregation is not Aggregation.AVG:
        parts.append(str(PER_STEP[spec.aggregation]))
    if spec.group_by == () and series > 1:
        parts.append(together(spec.combine, series))
    elif spec.group_by and series > 1:
        by = f"by {', '.join(spec.group_by)}"
        parts.append(f"{together(spec.combine, series)} {by}")
    return ", ".join(parts)


def together(combine: Aggregation, series: int) -> str:
    return f"{PER_STEP[combine]} of {number(series)} series"


def step(spec: QuerySpec) -> str:
    how = PER_STEP[spec.aggregation]
    if spec.aggregation is Aggregation.RATE:
        how = "mean rate"
    return f"each point the {how} of {duration(spec.step_s)}"


def left_out(count: int) -> str:
    if not count:
        return ""
    interfaces = plural(count, "a loopback or virtual interface", "loopback or virtual interfaces")
    return f"without {number(count)} series of {interfaces}"
