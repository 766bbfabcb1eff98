"""Problems that belong to no site: those of Muster itself, and of sources that serve many sites.

Whoever watches a part of Muster adds a function to OWN_PROBLEMS. It gets the time and gives what is wrong then, as
`muster_problem` makes it: a few statements at most, since all are asked every five seconds. What a function no longer
gives has ended. An exception of one stops the writing, so that nothing ends because nobody looked.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from readiness.loop.problems import intake
from readiness.loop.problems.core.problem import Identity, PresentProblem
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from telemetry import clocks, damage, storage_notices
from web import clock, disk

OWN_PROBLEMS: list[Callable[[datetime], Iterable[PresentProblem]]] = [intake.problems_of_no_site]
_TITLES = {
    "clock": "Muster's clock is wrong",
    "damage": "Stored samples are damaged",
    "remote-storage": "Samples wait for the remote storage that keeps them",
    "storage-refusals": "The remote storage does not keep samples",
    "disk": "Muster's disk is nearly full",
    "retention": "Muster keeps samples past their time",
}


def muster_problem(
    key: str,
    state: ProblemState,
    title: str,
    *,
    detail: str,
    since: datetime | None = None,
    value: str = "",
    limit: str = "",
) -> PresentProblem:
    """A problem of Muster itself. `key` names the part that it is about, such as "lag" or "job-drain-inbox"; one with
    the same key is the same problem. `detail` says in a sentence what to do."""
    return PresentProblem(
        identity=Identity(ProblemKind.MUSTER, key),
        state=state,
        subject=key,
        since=since,
        title=title,
        detail=detail,
        value=value,
        limit=limit,
    )


def own_problems(*, now: datetime) -> list[PresentProblem]:
    return [problem for problems in OWN_PROBLEMS for problem in problems(now)]


def problems_of_the_machine(now: datetime) -> Iterator[PresentProblem]:
    """The disk, the clock, the stored samples and their storage. `now` is the time that is trusted, and so cannot show
    that the clock is wrong."""
    at = clock.now()
    watched = (disk, clocks, damage, storage_notices)
    for notice in (notice for part in watched for notice in part.notices(at)):
        state = ProblemState.FAILING if notice.tone == "bad" else ProblemState.WARN
        yield muster_problem(notice.key, state, _TITLES[notice.key], detail=notice.text)


OWN_PROBLEMS.append(problems_of_the_machine)
