"""Every trap with the rows of every tool."""

from tests.readiness.assessment.evidence.core.benchmark_traps import BENCHMARK_TRAPS
from tests.readiness.assessment.evidence.core.traps import PROVE_NOTHING, TRAPS, CannotBe
from tests.readiness.assessment.evidence.core.untold_traps import UNTOLD_TRAPS

NOTHING = dict.fromkeys(PROVE_NOTHING, CannotBe("The output proves no check, whatever it says."))
EVERY_TRAP = {
    trap: by_tool | BENCHMARK_TRAPS.get(trap, {}) | NOTHING
    for trap, by_tool in (TRAPS | UNTOLD_TRAPS).items()
}
