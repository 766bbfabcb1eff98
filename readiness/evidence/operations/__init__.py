"""Operations on evidence: measure days, import runs, record and confirm statements, void evidence after changes."""

from readiness.evidence.operations.confirming import confirm, reject
from readiness.evidence.operations.days import measure, measure_day
from readiness.evidence.operations.limits import declare_limit
from readiness.evidence.operations.moving import move_run, withdraw_run
from readiness.evidence.operations.records import (
    FactRow,
    attest,
    import_floors,
    mark_baseline,
    record_fact,
    record_facts,
    set_floor,
)
from readiness.evidence.operations.rereading import reconcile_stored, reread_stored
from readiness.evidence.operations.runs import import_run, import_runs
from readiness.evidence.operations.uploading import RunContext, Upload
from readiness.evidence.operations.voiding import void_changed
