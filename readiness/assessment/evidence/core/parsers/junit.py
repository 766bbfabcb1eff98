"""JUnit XML, as test runners write it.

The names of suites and tests mean nothing to Muster, so rules say which of them prove a sub-measure. A rule is met if
at least one of its tests ran, all of them passed, and none was skipped.
"""

import fnmatch
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from readiness.assessment.evidence.core.documents import DEEPEST, number_of, text_of, tidy, whole_of
from readiness.assessment.evidence.core.parsed import DURATION, Figure, Parsed, ParseError, failed_operations

MOST_TESTS = 50_000
MOST_SUITES = 1_000
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_OUTCOMES = {"failure": FAILED, "error": FAILED, "skipped": SKIPPED}
_LEFT_OUT = frozenset({"properties", "system-out", "system-err"})
"""Elements that may hold the environment of a process, with its passwords: they are not stored."""


class ReportedTest(NamedTuple):
    """`name` is `suite/class.test`; a rule's pattern is compared with it."""

    name: str
    suite: str
    outcome: str


class PassRule(NamedTuple):
    """The tests whose names match `pattern` (`*` stands for any text) prove `value` of a sub-measure if they pass."""

    pattern: str
    check_id: str
    part: str
    value: float
    unit: str


@dataclass
class _Suite:
    name: str
    line: int
    claims: dict[str, int]
    tests: Counter[str] = field(default_factory=Counter)
    has_suites: bool = False


class _ReportReader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.EntityDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.tests: list[ReportedTest] = []
        self.suites: list[_Suite] = []
        self.open_suites: list[_Suite] = []
        self.hosts: dict[str, None] = {}
        self.starts: list[datetime] = []
        self.seconds = 0.0
        self.left_out: list[tuple[int, int]] = []
        self._path: list[str] = []
        self._test: list[str] | None = None
        self._cut_at = -1

    def _refuse_doctype(self, *_: object) -> None:
        self._refuse("A document type or an entity is declared, which no test report needs.")

    def _refuse(self, reason: str) -> NoReturn:
        raise ParseError(self.parser.CurrentLineNumber, reason)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag not in ("testsuites", "testsuite"):
            self._refuse(f"The document begins with <{tidy(tag)}>: this is no JUnit report.")
        self._path.append(tag)
        if len(self._path) > DEEPEST:
            self._refuse("This XML is nested too deeply.")
        if tag in _LEFT_OUT and self._cut_at < 0:
            self._cut_at = self.parser.CurrentByteIndex
        if tag == "testsuite":
            self._open_suite(attributes)
        elif tag == "testcase":
            suite = self.open_suites[-1].name if self.open_suites else ""
            test = ".".join(filter(None, (attributes.get("classname"), attributes.get("name"))))
            self._test = [tidy(f"{suite}/{test}"), PASSED]
        elif tag in _OUTCOMES and self._test is not None and self._test[1] != FAILED:
            self._test[1] = _OUTCOMES[tag]

    def _open_suite(self, attributes: dict[str, str]) -> None:
        if len(self.suites) >= MOST_SUITES:
            self._refuse(f"There are more than {MOST_SUITES} suites.")
        if self.open_suites:
            self.open_suites[-1].has_suites = True
        claims = {key: whole_of(attributes.get(key, "")) or 0 for key in ("tests", "failures", "errors")}
        name = tidy(attributes.get("name") or "unnamed suite")
        self.open_suites.append(_Suite(name, self.parser.CurrentLineNumber, claims))
        self.suites.append(self.open_suites[-1])
        if (host := tidy(attributes.get("hostname", ""))) and host.lower() != "localhost":
            self.hosts[host] = None
        if (start := _time(attributes.get("timestamp", ""))) is not None:
            self.starts.append(start)
        if len(self.open_suites) == 1 and (seconds := number_of(attributes.get("time", ""))) is not None:
            self.seconds += max(seconds, 0.0)

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag in _LEFT_OUT and not _LEFT_OUT & set(self._path):
            end = self.data.find(b">", self.parser.CurrentByteIndex) + 1
            self.left_out.append((self._cut_at, end or len(self.data)))
            self._cut_at = -1
        if tag == "testsuite":
            self._close_suite(self.open_suites.pop())
        elif tag == "testcase" and self._test is not None:
            if len(self.tests) >= MOST_TESTS:
                self._refuse(f"There are more than {MOST_TESTS} tests.")
            name, outcome = self._test
            suite = self.open_suites[-1] if self.open_suites else None
            self.tests.append(ReportedTest(name, suite.name if suite else "", outcome))
            if suite is not None:
                suite.tests[outcome] += 1
            self._test = None

    def _close_suite(self, suite: _Suite) -> None:
        """Compare the suite with its own counts. A suite of suites counts theirs, so it is not compared."""
        if suite.has_suites:
            return
        tests, failed = suite.tests.total(), suite.tests[FAILED]
        if tests < suite.claims["tests"]:
            raise ParseError(
                suite.line, f"The suite {suite.name} counts {suite.claims['tests']} tests and holds {tests}."
            )
        claimed = suite.claims["failures"] + suite.claims["errors"]
        if failed < claimed:
            raise ParseError(
                suite.line, f"The suite {suite.name} counts {claimed} failures and holds {failed}."
            )


def parse(content: bytes, rules: Sequence[PassRule] | None = None) -> Parsed:
    """Give the tests of each suite by outcome, and the sub-measures that rules prove by them.

    Raises ParseError if none of the rules has a test in the file; `None` stands for no look at rules.
    """
    data = text_of(content).strip().encode("utf-8", "replace")
    reader = _read(data)
    if not reader.tests:
        raise ParseError(1, "The report holds no test: nothing ran.")
    figures = [*_suites(reader), *_figures_of_rules(reader.tests, rules)]
    start = min(reader.starts, key=lambda at: at.replace(tzinfo=None), default=None)
    return Parsed(
        tool="junit",
        figures=tuple(figures),
        content=_cut_out(data, reader.left_out),
        taken_at=start.astimezone(UTC) if start is not None and start.tzinfo is not None else None,
        taken_local=start if start is not None and start.tzinfo is None else None,
        # Tests often run elsewhere than what they test, so this names no device of the run.
        warnings=tuple(f"The tests ran on {host}." for host in list(reader.hosts)[:20]),
    )


def _read(data: bytes) -> _ReportReader:
    reader = _ReportReader(data)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = f"This XML is not whole: {expat.ErrorString(error.code)}."
        raise ParseError(max(error.lineno, 1), reason) from error
    return reader


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()[:40])
    except ValueError:
        return None


def _suites(reader: _ReportReader) -> Iterator[Figure]:
    counts: dict[str, Counter[str]] = {}
    for test in reader.tests:
        counts.setdefault(test.suite, Counter())[test.outcome] += 1
    for suite, outcomes in counts.items():
        for outcome in (PASSED, FAILED, SKIPPED):
            if outcomes[outcome]:
                yield Figure(name=f"tests_{outcome}", value=float(outcomes[outcome]), operation=suite)
    if reader.seconds:
        yield Figure(name=DURATION, value=reader.seconds, unit="s", operation="tests")


def _figures_of_rules(tests: Sequence[ReportedTest], rules: Sequence[PassRule] | None) -> list[Figure]:
    if rules is None:
        return []
    figures, mapped = [], set()
    for rule in rules:
        matches = re.compile(fnmatch.translate(rule.pattern)).match
        places = [place for place, test in enumerate(tests) if matches(test.name)]
        if places:
            mapped.update(places)
            figures.append(_figure_of_rule(rule, [tests[place] for place in places]))
    if not figures:
        suites = list(dict.fromkeys(test.suite for test in tests))
        names = ", ".join(suites[:10]) + (f" and {len(suites) - 10} more" if len(suites) > 10 else "")
        raise ParseError(1, f"No rule says what these suites prove: {names}. Add a rule, then send it again.")
    failed = sum(tests[place].outcome == FAILED for place in mapped)
    return [*figures, failed_operations(failed, of=len(mapped), what="tests")]


def _figure_of_rule(rule: PassRule, tests: Sequence[ReportedTest]) -> Figure:
    outcomes = Counter(test.outcome for test in tests)
    caution = ""
    for outcome in (FAILED, SKIPPED):
        if outcomes[outcome]:
            caution = f"{outcomes[outcome]} of {len(tests)} tests of {rule.pattern} {_WERE[outcome]}."
            break
    return Figure(
        name=f"{rule.check_id}/{rule.part}",
        value=None if caution else rule.value,
        unit=rule.unit,
        subject=rule.pattern,
        samples=len(tests),
        caution=caution,
    )


_WERE = {FAILED: "failed", SKIPPED: "were skipped"}


def _cut_out(data: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    chunks, at = [], 0
    for start, end in spans:
        chunks.append(data[at:start])
        at = end
    return b"".join([*chunks, data[at:]])
