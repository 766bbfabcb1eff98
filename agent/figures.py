"""Figures of the agent itself, sent with the samples of its targets: job `muster-agent`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class AgentFigures:
    """Counts since the start. Samples are dropped by reason: one of Muster's, or `buffer_full` and `disk_error`."""

    sent_samples: int = 0
    failed_requests: int = 0
    dropped_samples: Counter[str] = field(default_factory=Counter)
    refused_lines: Counter[str] = field(default_factory=Counter)
    late_scrapes: int = 0
    targets: int = 0
    waiting_bytes: int = 0
    damaged_bytes: int = 0
    unreadable_lists: int = 0
    failed_reports: int = 0

    def count_dropped(self, counts: Mapping[str, int]) -> None:
        self.dropped_samples.update(counts)

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Name, labels and value of each."""
        for name, value in (
            ("muster_agent_sent_samples_total", self.sent_samples),
            ("muster_agent_failed_requests_total", self.failed_requests),
            ("muster_agent_late_scrapes_total", self.late_scrapes),
            ("muster_agent_targets", self.targets),
            ("muster_agent_buffer_waiting_bytes", self.waiting_bytes),
            ("muster_agent_buffer_damaged_bytes_total", self.damaged_bytes),
            ("muster_agent_unreadable_target_lists", self.unreadable_lists),
            ("muster_agent_failed_reports_total", self.failed_reports),
        ):
            yield name, {}, float(value)
        for name, counts in (
            ("muster_agent_dropped_samples_total", self.dropped_samples),
            ("muster_agent_refused_lines_total", self.refused_lines),
        ):
            for reason, count in sorted(counts.items()):
                yield name, {"reason": reason}, float(count)
