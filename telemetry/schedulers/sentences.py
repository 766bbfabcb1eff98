"""Sentences about what contradicts a scheduler."""

from telemetry.schedulers.models import SchedulerContradiction

Kind = SchedulerContradiction.Kind
TITLES = {
    Kind.EXPORTERS: "The scheduler gives work to nodes that do not answer",
    Kind.IDLE_GPUS: "Allocated GPUs idle",
    Kind.INVENTORY: "Scheduler and inventory disagree",
}
ACTIONS = {
    Kind.EXPORTERS: "Look whether the node or only its exporters are down; drain the node if it is down.",
    Kind.IDLE_GPUS: "Ask whose job holds the GPUs, and whether it hangs.",
    Kind.INVENTORY: "Enter the node's status in the inventory, or resume it in the scheduler.",
}


def contradiction(row: SchedulerContradiction) -> str:
    """Both sides in one sentence."""
    state = row.state
    scheduler = f"{state.get_scheduler_display()} says of {state.device}: {row.scheduler_says}"
    words = "the inventory says" if row.kind == Kind.INVENTORY else "samples say"
    return f"{scheduler} (by {state.source}); {words}: {row.other_says}."
