"""Operations on evidence: measure days, import runs, record and confirm statements, void evidence after changes."""

from readiness.assessment.evidence.operations.confirming import confirm, reject
from readiness.assessment.evidence.operations.days import measure, measure_day
from readiness.assessment.evidence.operations.limits import declare_limit
from readiness.assessment.evidence.operations.moving import move_run, withdraw_run
from readiness.assessment.evidence.operations.records import (
    FactRow,
    attest,
    import_floors,
    mark_baseline,
    record_fact,
    record_facts,
    set_floor,
)
from readiness.assessment.evidence.operations.rereading import reconcile_stored, reread_stored
from readiness.assessment.evidence.operations.runs import import_run, import_runs
from readiness.assessment.evidence.operations.uploading import RunContext, Upload
from readiness.assessment.evidence.operations.voiding import void_changed
