"""Jobs of a report of squeue: how many run and wait, and the GPUs that they have and wait for. Nothing of a single job
or its user is kept."""

from collections import Counter
from typing import Any

from telemetry.core.schedulers import gpus_of_tres
from telemetry.formats.contract import MalformedBody
from telemetry.formats.slurm.reports import FieldError, Fields, ReportSamples

_COUNTED = ("running", "pending", "suspended", "completing")
"""States of jobs that are counted, as the exporters of Slurm name them; others have ended or just begin."""


def read(jobs: list[Any], samples: ReportSamples) -> None:
    counts: Counter[str] = Counter()
    gpus: Counter[str] = Counter()
    for place, value in enumerate(jobs):
        try:
            fields = Fields(value, f"jobs[{place}]")
            state = _state(fields)
            counts[state] += 1
            gpus[state] += _gpus(fields, state)
        except FieldError as error:
            samples.refuse(error)
    if samples.is_whole:
        for state in _COUNTED:
            samples.add(f"slurm_queue_{state}", counts[state])
        samples.add("slurm_queue_gpus_running", gpus["running"])
        samples.add("slurm_queue_gpus_pending", gpus["pending"])


def _state(fields: Fields) -> str:
    """Raises FieldError, and MalformedBody for jobs of sacct."""
    if "job_state" not in fields and "state" in fields:
        raise MalformedBody(f"{fields.path} is of sacct, which lists ended jobs: send squeue --json")
    words = [word.lower() for word in fields.words("job_state")]
    if not words or not all(words):
        raise fields.error("job_state", "is missing")
    # What a job does at its end stands beside the state in which it was.
    return "completing" if "completing" in words else words[0]


def _gpus(fields: Fields, state: str) -> int:
    name = "tres_req_str" if state == "pending" else "tres_alloc_str"
    text = fields.text(name)
    try:
        return gpus_of_tres(text) or 0
    except ValueError as error:
        raise fields.error(name, f"has {error}") from error
