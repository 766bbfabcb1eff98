"""Hosts that a launcher of MPI names above a program's output: the program itself often names none."""

import re

from readiness.assessment.evidence.core.documents import refuse_more, tidy

_NAMED = re.compile(
    r"^\s*Data for node: (\S{1,100})\s+Num slots"  # mpirun --display-map, of Open MPI
    r"|^\[\d+\] MPI startup\(\): +\d+ +\d+ +(\S{1,100}) +(?:\{|\d)",  # I_MPI_DEBUG=4, of Intel MPI
    re.MULTILINE,
)


def hosts_named(text: str) -> tuple[str, ...]:
    """Each host once, in the order of the file.

    >>> hosts_named(" Data for node: node-1\\tNum slots: 8\\n Data for node: node-2\\tNum slots: 8")
    ('node-1', 'node-2')
    """
    hosts = tuple(dict.fromkeys(tidy(match[1] or match[2]) for match in _NAMED.finditer(text)))
    refuse_more(1, len(hosts), "hosts")
    return hosts
