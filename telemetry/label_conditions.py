"""Conditions on the labels of series, as the database judges them."""

from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, Regex

from telemetry.core.registry import LeftOutSeries
from telemetry.core.spec import LabelOperator, Matcher


def condition_of(matcher: Matcher) -> Q:
    """Match by Prometheus' rules: an absent label is empty, an expression must match the whole value."""
    value = Coalesce(KeyTextTransform(matcher.label, "labels"), Value(""), output_field=TextField())
    if matcher.op in (LabelOperator.IS, LabelOperator.IS_NOT):
        condition = Q(Exact(value, matcher.value))
    else:
        condition = Q(Regex(value, f"^(?:{matcher.value})$"))
    return ~condition if matcher.op in (LabelOperator.IS_NOT, LabelOperator.NOT_LIKE) else condition


def left_out_by(rule: LeftOutSeries) -> Q:
    value = Coalesce(KeyTextTransform(rule.label, "labels"), Value(""), output_field=TextField())
    return Q(Regex(value, rule.expression), metric__in=sorted(rule.metrics), port__isnull=True)
