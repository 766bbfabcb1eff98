"""Compare stored runs with the inventory again, and read their files again after Muster's rules changed."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from readiness.assessment.evidence.core.identity import FileIdentity
from readiness.assessment.evidence.core.parsed import Parsed
from readiness.assessment.evidence.core.parsers import PARSERS, ParseError, parse
from readiness.assessment.evidence.core.reconciling import Reconciled, reconciled
from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.evidence.installed import ComparedRun, gathered
from readiness.assessment.evidence.models import RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.assessment.evidence.models.runs import LONGEST_REASON
from readiness.assessment.evidence.operations.sameness import comparison_columns, content_digest, test_digest
from readiness.assessment.evidence.rows import KEPT
from readiness.assessment.evidence.rules import pass_rules
from readiness.assessment.framework import queries as framework_queries

AT_ONCE = 100
"""Files that one task reads again: some seconds."""
COMPARED = ("identity", "sender_named", "mismatch", "implausible", "platform")


@transaction.atomic
def reconcile_stored(*, site_ids: Collection[int], now: datetime) -> int:
    """Compare the runs of these sites with the inventory as it is now; returns the number of runs that changed.

    Runs that wait to be read again are left out. The number of statements does not depend on sites or runs.
    """
    runs = list(
        ValidationRun.objects.select_for_update(of=("self",))
        .filter(site_id__in=sorted(site_ids), taken_at__gte=now - KEPT, withdrawn_at=None, rules=RULES)
        .exclude(identity={})
        .order_by("pk")
    )
    changed = []
    for run, result in zip(runs, _compared(runs), strict=True):
        columns = comparison_columns(FileIdentity.read(run.identity), result) | {"platform": result.platform}
        if any(getattr(run, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(run, name, value)
            changed.append(run)
    if changed:
        ValidationRun.objects.bulk_update(changed, COMPARED)
    return len(changed)


def _compared(runs: Sequence[ValidationRun]) -> list[Reconciled]:
    device_ids = devices_in_order([run.pk for run in runs])
    subjects = [
        ComparedRun(
            site_id=run.site_id,
            file=FileIdentity.read(run.identity),
            taken_at=run.taken_at,
            device_ids=device_ids.get(run.pk, ()),
            platform=run.claim.get("platform", ""),
            versions=run.claim.get("versions", {}),
        )
        for run in runs
    ]
    inventory = gathered(subjects)
    return [
        reconciled(run.tool, subject.file, *each)
        for run, subject, each in zip(runs, subjects, inventory, strict=True)
    ]


def devices_in_order(run_ids: Collection[int]) -> dict[int, list[int]]:
    devices: dict[int, list[int]] = {}
    run_devices = RunDevice.objects.filter(run_id__in=run_ids).order_by("run_id", "place", "device_id")
    for run_id, device_id in run_devices.values_list("run_id", "device_id"):
        devices.setdefault(run_id, []).append(device_id)
    return devices


def reread_stored(*, now: datetime) -> int:
    """Read the files of the next runs that earlier rules read, the first received first; returns their number."""
    with transaction.atomic():
        runs = list(
            ValidationRun.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(rules__lt=RULES)
            .order_by("pk")[:AT_ONCE]
        )
        files = dict(RunFile.objects.filter(run__in=runs).values_list("run_id", "content"))
        _, framework = framework_queries.current()
        devices = devices_in_order([run.pk for run in runs])
        parsed = {run.pk: _parsed(run, files.get(run.pk)) for run in runs}
        for run in runs:
            of_run = parsed[run.pk]
            run.rules = RULES
            if isinstance(of_run, Parsed):
                _take_over(run, of_run)
                run.about = test_digest(run, of_run, devices.get(run.pk, []), framework)
            else:
                # Without an identity no later comparison takes the reason away.
                run.identity, run.implausible = {}, of_run[:LONGEST_REASON]
        readable = [run for run in runs if isinstance(parsed[run.pk], Parsed)]
        for run, result in zip(readable, _compared(readable), strict=True):
            _stand(run, result)
        _name_copies(readable)
        ValidationRun.objects.bulk_update(
            runs, [*COMPARED, "rules", "about", "content_digest", "hosts", "loopback"]
        )
        _replace_figures({run.pk: each for run in readable if isinstance(each := parsed[run.pk], Parsed)})
    return len(runs)


def _parsed(run: ValidationRun, content: Any) -> Parsed | str:
    """The file as the present parser reads it, or why it does not."""
    if content is None or run.tool not in PARSERS:
        return "Its file is not there any more, so it cannot be compared with the inventory."
    try:
        return parse(run.tool, bytes(content), rules=pass_rules() if run.tool == Tool.JUNIT else None)
    except ParseError as error:
        return f"Its file is refused since Muster's rules changed. {error}"


def _take_over(run: ValidationRun, parsed: Parsed) -> None:
    run.identity = FileIdentity.extract(parsed).written()
    run.hosts, run.loopback = list(parsed.hosts)[:1000], parsed.loopback[:300]
    run.content_digest = content_digest(parsed, taken_at=run.taken_at)


def _stand(run: ValidationRun, result: Reconciled) -> None:
    run.platform = result.platform
    for name, value in comparison_columns(FileIdentity.read(run.identity), result).items():
        setattr(run, name, value)


def _name_copies(runs: Sequence[ValidationRun]) -> None:
    """A copy stored before copies were refused proves nothing. The run that was received first is the original."""
    digests = {run.content_digest for run in runs}
    counting = [run for run in runs if run.withdrawn_at is None]
    stored = ValidationRun.objects.filter(content_digest__in=digests, withdrawn_at=None).exclude(
        pk__in=[run.pk for run in runs]
    )
    first = {run.content_digest: run for run in sorted([*stored, *counting], key=lambda run: -run.pk)}
    for run in counting:
        original = first[run.content_digest]
        if original.pk != run.pk:
            run.content_digest, run.identity = "", {}
            run.implausible = f"It is a copy of run {original.pk}: one run counts once."


def _replace_figures(parsed_by_run: dict[int, Parsed]) -> None:
    RunMeasure.objects.filter(run_id__in=parsed_by_run).delete()
    RunMeasure.objects.bulk_create(
        (
            RunMeasure(run_id=run_id, **asdict(figure) | {"caution": figure.caution[:300]})
            for run_id, parsed in parsed_by_run.items()
            for figure in parsed.figures
        ),
        batch_size=2_000,
    )
