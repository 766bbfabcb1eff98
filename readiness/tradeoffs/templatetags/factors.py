"""Figures of factors in templates. `{% load factors %}`."""

from django import template

from readiness.assessment.evidence import tables

register = template.Library()


@register.filter
def exact(value: float, unit: str = "") -> str:
    """`0.084 EUR/kWh`, as entered."""
    return f"{tables.exact(value)} {unit}".strip()


@register.simple_tag
def band(low: float | None, high: float | None, unit: str = "") -> str:
    """`0.08 – 0.09 EUR/kWh`; empty without both ends of the band."""
    return "" if low is None or high is None else f"{exact(low)} – {exact(high, unit)}"
