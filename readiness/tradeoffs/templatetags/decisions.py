"""Figures of decisions in templates. `{% load decisions %}`."""

from django import template

from readiness.tradeoffs.decisions import tables
from readiness.tradeoffs.units import number, signed

register = template.Library()
register.filter("number", number)
register.filter("signed", signed)
register.filter("objective", tables.objective)
register.filter("factor", tables.factor)
register.filter("figure", tables.figure)
register.filter("in_percent", tables.percent)
register.simple_tag(tables.band)
