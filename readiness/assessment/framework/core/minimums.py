"""How much evidence is enough: a framework's own minimums, and Muster's for what it does not state."""

from collections.abc import Mapping

from readiness.assessment.framework.core.definition import Framework, Minimum
from readiness.assessment.framework.core.shipped import shipped
from readiness.assessment.framework.core.vocabulary import ANY_TOOL


def minimum(framework: Framework, check_id: str, tool: str, measure: str) -> Minimum | None:
    """Return what a run by the tool must hold at least for the check; None if nothing is asked.

    `measure` is a word of `Amount`. What the framework states counts, for the tool before any tool (`*`). A framework
    from before minimums existed states none: those of the definition shipped with Muster then apply. An `at_least` of 0
    asks for nothing.
    """
    for definition in (framework, shipped()):
        stated = _stated(definition, check_id)
        found = stated.get((tool, measure)) or stated.get((ANY_TOOL, measure))
        if found is not None:
            return found if found.value else None
    return None


def effective_minimums(framework: Framework, check_id: str) -> list[tuple[Minimum, bool]]:
    """Return the minimums that apply to a check, each with whether the framework states it itself."""
    own = _stated(framework, check_id)
    defaults = [
        (each, False)
        for key, each in _stated(shipped(), check_id).items()
        if key not in own and (ANY_TOOL, each.measure) not in own
    ]
    return [*((each, True) for each in own.values()), *defaults]


def _stated(framework: Framework, check_id: str) -> Mapping[tuple[str, str], Minimum]:
    check = framework.checks_by_id.get(check_id)
    return {(each.tool, each.measure): each for each in (check.minimums if check else ())}
