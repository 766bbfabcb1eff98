"""The outcomes of the runs, facts and attestations of one page, each read together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.proving.values import PartKey, Proof
from readiness.assessment.evidence.models import Attestation, RecordedFact, ValidationRun
from readiness.assessment.evidence.parts import site_parts
from readiness.assessment.evidence.proofs import SiteProofs, platform_floors, proofs
from readiness.assessment.evidence.runs import proof_by_record, proofs_alone
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.states import CheckState
from readiness.assessment.scoring.gather import limits_of
from readiness.boards.evidence.outcomes import COUNTS, EvidenceOutcome, judged_proofs, main_of, outcome

type Refs = tuple[PartKey, Proof]


def outcomes_of_runs(runs: Sequence[ValidationRun], *, now: datetime) -> dict[int, EvidenceOutcome]:
    """Return what each run proves now, and for a run that others replaced what it says by itself.

    The number of statements does not depend on the number of runs.
    """
    if not runs:
        return {}
    _version, framework = framework_queries.current()
    site_ids = sorted({run.site_id for run in runs})
    floors, parts = platform_floors(), site_parts(site_ids, now)
    by_site = proofs(site_ids, framework, now=now, parts=parts, floors=floors)
    limits = limits_of(site_ids, framework, now=now)
    present = _proofs_by_run(by_site)
    replaced = [run for run in runs if not _own(present.get(run.pk, ()))]
    alone = proofs_alone(replaced, framework, parts, floors, now) if replaced else {}
    return {
        run.pk: _outcome_of_run(
            run, present.get(run.pk, []), alone.get(run.pk, {}), framework, limits.get(run.site_id, {}), now
        )
        for run in runs
    }


def _own(proofs: Iterable[Refs]) -> list[Refs]:
    return [(key, proof) for key, proof in proofs if key[1] not in COUNTS]


def _proofs_by_run(by_site: Mapping[int, SiteProofs]) -> dict[int, list[Refs]]:
    by_run: dict[int, list[Refs]] = defaultdict(list)
    for of_site in by_site.values():
        for key, each in of_site.items():
            for proof in each:
                kind, _, row = proof.ref.partition(":")
                for run_id in {int(row), *proof.others} if kind == "run" else ():
                    by_run[run_id].append((key, proof))
    return by_run


def _outcome_of_run(
    run: ValidationRun,
    present: Sequence[Refs],
    alone: SiteProofs,
    framework: Framework,
    limits: Mapping[str, Limit],
    now: datetime,
) -> EvidenceOutcome:
    own = _own(present)
    by_itself = _own((key, proof) for key, each in alone.items() for proof in each)
    judged = judged_proofs(own or by_itself or present, framework, limits, now)
    if (main := main_of(judged)) is None:
        return EvidenceOutcome(note=_doubt(run))
    keys = {(each.check.id, each.part.id) for each in judged}
    result = outcome(
        main,
        run.taken_at,
        further=len(keys) - 1,
        is_replaced=not own and bool(by_itself) and not main.proof.cannot_judge,
        now=now,
    )
    if doubt := _doubt(run):
        return replace(result, state=CheckState.UNKNOWN.value, note=doubt, is_replaced=False)
    return result


def _doubt(run: ValidationRun) -> str:
    """Why the run proves nothing, whatever its figures."""
    if run.withdrawn_at is not None:
        return f"It was withdrawn: {run.withdrawn_reason}"
    return run.mismatch or run.implausible


def outcomes_of_records(
    records: Iterable[Attestation | RecordedFact], *, now: datetime
) -> dict[int, EvidenceOutcome]:
    """Return what each record with a value says of its sub-measure."""
    with_value = [record for record in records if record.value is not None and record.part]
    if not with_value:
        return {}
    _version, framework = framework_queries.current()
    site_ids = {record.site_id for record in with_value}
    limits = limits_of(site_ids, framework, now=now)
    outcomes = {}
    for record in with_value:
        key = (record.check_id, record.part)
        if (part := framework.parts_by_key.get(key)) is None:
            continue
        proof = proof_by_record(record, part, now=now)
        judged = judged_proofs([(key, proof)], framework, limits.get(record.site_id, {}), now)
        if (main := main_of(judged)) is not None:
            outcomes[record.pk] = outcome(main, record.taken_at, now=now)
    return outcomes
