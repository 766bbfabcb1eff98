"""Write the unit rules that the field `unit_scale` of a source stands for."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError

from telemetry.core.unit_rules import STAR
from telemetry.models import Source, UnitRule


def set_factors(source: Source, factors: Mapping[str, float]) -> None:
    """Make these the plain factors of the source. Its other rules stay, but for those of the same metrics. Raises
    ValidationError."""
    rules = {rule.metric: rule for rule in UnitRule.objects.select_for_update().filter(source=source)}
    for rule in rules.values():
        if rule.is_plain_factor and rule.metric not in factors:
            rule.delete()
    for metric, factor in sorted(factors.items()):
        rule = rules.get(metric) or UnitRule(source=source, metric=metric)
        if rule.pk and rule.is_plain_factor and rule.factor == factor:
            continue
        rule.unit, rule.factor, rule.offset = "", factor, 0.0
        _save(rule)


def _save(rule: UnitRule) -> None:
    if STAR in rule.metric:
        raise ValidationError({"unit_scale": f"{rule.metric}: a pattern is for a unit rule."})
    try:
        rule.full_clean()
    except ValidationError as error:
        raise ValidationError({"unit_scale": f"{rule.metric}: {' '.join(error.messages)}"}) from error
    rule.save()
