"""The report that the rows and ranks of a collective's output add up to, from tables and documents alike."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from readiness.assessment.evidence.core import documents
from readiness.assessment.evidence.core.parsed import (
    ITERATIONS,
    RANKS,
    Figure,
    Parsed,
    ParseError,
    SeenAccelerator,
    failed_operations,
)
from readiness.assessment.evidence.core.parsers.collective_rows import (
    Cells,
    Conditions,
    contradiction,
    refuse_other_operation,
)

NOT_CHECKED = "The run did not check its results (-c 0), so wrong values would not show."


@dataclass
class CollectiveReport:
    tool: str
    figures: list[Figure] = field(default_factory=list)
    operation: str = ""
    hosts: list[str] = field(default_factory=list)
    accelerators: list[SeenAccelerator] = field(default_factory=list)
    iterations: list[int] = field(default_factory=list)
    contradiction: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    wrong: float | None = None
    unchecked_rows: int = 0
    checked_rows: int = 0
    rank_lists: list[dict[str, tuple[str, str]]] = field(default_factory=list)
    unnamed_ranks: int = 0
    errors: list[str] = field(default_factory=list)
    local: datetime | None = None

    def row(self, line: int, *, size: int, variant: str, cells: Cells, buffers: str) -> None:
        """Results for one size, either out-of-place or in-place. A row of zero bytes is ignored."""
        documents.refuse_more(line, len(self.figures))
        conditions = Conditions(self.operation, size, self._rank_count())
        refuse_other_operation(line, conditions, variant, cells)
        self.contradiction = self.contradiction or contradiction(conditions, cells)
        wrong = cells.get("wrong")
        if wrong is None:
            self.unchecked_rows += 1
        else:
            self.checked_rows += 1
            self.wrong = (self.wrong or 0.0) + wrong
        if size == 0:
            return
        variant = f"{variant} {buffers}".strip()
        of_size = Figure(name="", value=None, operation=self.operation, size_bytes=size, variant=variant)
        for name, unit in (("busbw", "GB/s"), ("algbw", "GB/s"), ("time", "µs")):
            if (value := cells.get(name)) is not None:
                self.figures.append(replace(of_size, name=name, value=value, unit=unit))

    def parsed(self, content: bytes, last_line: int) -> Parsed:
        if not any(figure.name == "busbw" for figure in self.figures):
            raise ParseError(last_line, "There is no row with a bus bandwidth.")
        if any(not figure.operation for figure in self.figures):
            recognised = self._recognised()
            self.figures = [replace(each, operation=each.operation or recognised) for each in self.figures]
        operations = {figure.operation for figure in self.figures}
        operation = operations.pop() if len(operations) == 1 else ""
        caution = ""
        if self.unchecked_rows and not self.wrong:
            caution = "Some rows were not checked for wrong values." if self.checked_rows else NOT_CHECKED
        wrong = Figure(name="wrong_values", value=self.wrong, operation=operation, caution=caution)
        counts = self._took_part()
        streams = sum(counts.values()) or None
        figures = [replace(each, streams=streams) for each in (*self.figures, wrong)]
        documents.refuse_more(last_line, len(counts), "hosts")
        ranks = [
            Figure(name=RANKS, value=count, subject=host, operation=operation)
            for host, count in counts.items()
        ]
        failed = [failed_operations(len(self.errors))] if self.errors else []
        if self.iterations:
            failed.append(Figure(name=ITERATIONS, value=float(min(self.iterations)), operation=operation))
        return Parsed(
            tool=self.tool,
            figures=(*figures, *ranks, *failed),
            content=content,
            versions=tuple(sorted(self.versions.items())),
            hosts=tuple(dict.fromkeys(self.hosts)),
            accelerators=tuple(dict.fromkeys(self.accelerators)),
            contradiction=self.contradiction,
            taken_local=self.local,
            warnings=(*self.warnings, *self.errors),
        )

    def rank(self, number: str, accelerator: str, seen: SeenAccelerator) -> None:
        """A rank that is listed again begins the list of another run in the same file."""
        if not self.rank_lists or number in self.rank_lists[-1]:
            self.rank_lists.append({})
        self.rank_lists[-1][number] = (seen.host, accelerator.lower())
        self.hosts.append(seen.host)
        self.accelerators.append(seen)

    def _rank_count(self) -> int:
        """The number of ranks behind the present row; 0 if the file does not say. A list may lack its first ranks."""
        ranks = self.rank_lists[-1] if self.rank_lists else {}
        highest = max((int(number) for number in ranks if number.isdecimal()), default=-1)
        return max(highest + 1, len(ranks)) or self.unnamed_ranks

    def _took_part(self) -> dict[str, int]:
        """Count the accelerators of each host. Ranks that share one accelerator count once. With several runs in a
        file, the run with the fewest counts, because no run used more."""
        counted = [Counter(host for host, _ in set(ranks.values())) for ranks in self.rank_lists]
        hosts = dict.fromkeys(self.hosts)
        counts = {host: min(count[host] for count in counted) for host in hosts}
        return counts | ({"": self.unnamed_ranks} if self.unnamed_ranks else {})

    def _recognised(self) -> str:
        """Recognise an all-reduce by its factor: busbw = algbw x 2(n-1)/n, which no other collective has for n > 2."""
        unnamed = [figure for figure in self.figures if not figure.operation]
        largest = max((figure.size_bytes or 0 for figure in unnamed), default=0)
        here = {figure.name: figure.value for figure in unnamed if figure.size_bytes == largest}
        busbw, algbw = here.get("busbw"), here.get("algbw")
        ranks = sum(self._took_part().values())
        if ranks > 2 and busbw and algbw:
            expected = 2 * (ranks - 1) / ranks
            if abs(busbw / algbw / expected - 1) < 0.01:
                self.warnings.append(
                    "The output does not name its operation; its factor is that of all-reduce."
                )
                return "all_reduce"
        self.warnings.append("The output does not name its operation.")
        return ""
