"""Figures of decisions in templates. `{% load decisions %}`."""

from django import template

from readiness.tradeoffs.core.units import number, signed
from readiness.tradeoffs.decisions import sentences

register = template.Library()
register.filter("number", number)
register.filter("signed", signed)
register.filter("objective", sentences.objective)
register.filter("factor", sentences.factor)
register.filter("figure", sentences.figure)
register.filter("in_percent", sentences.percent)
register.simple_tag(sentences.band)
