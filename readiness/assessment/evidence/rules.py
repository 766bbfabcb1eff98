"""Sub-measures that rules for test reports may prove, and the rules that hold in the framework in force."""

from collections.abc import Mapping

from readiness.assessment.evidence.core import interop
from readiness.assessment.evidence.core.parsers.junit import PassRule
from readiness.assessment.evidence.core.proving.tables import is_proved_by_name
from readiness.assessment.evidence.models import ReportRule
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, SubMeasure


def provable_parts() -> Mapping[str, tuple[Check, SubMeasure]]:
    """Sub-measures that a run proves by naming them: no tool's own output and no records of interoperability do."""
    _version, framework = framework_queries.current()
    return {
        f"{check.id}/{part.id}": (check, part)
        for check in framework.checks
        for part in check.parts
        if is_proved_by_name(check.id, part) and check.id != interop.CHECK and not part.validity.is_live
    }


def pass_rules() -> list[PassRule]:
    """Leaves out rules about sub-measures that the framework in force does not have."""
    parts = provable_parts()
    rules = ReportRule.objects.filter(measure__in=parts).order_by("pk")
    return [
        PassRule(rule.pattern, check.id, part.id, rule.value, part.unit)
        for rule in rules
        for check, part in [parts[rule.measure]]
    ]
