"""The names of the checks that a procedure, an alert rule or a drill serves.

The framework defines checks and lies above people, so it gives their names at the start (`AppConfig.ready`).
"""

from collections.abc import Callable, Mapping

type CheckNames = Callable[[], Mapping[str, str]]

_read_names: list[CheckNames] = []


def check_names() -> Mapping[str, str]:
    """Map the id of each check of the framework in force to its name."""
    return _read_names[-1]() if _read_names else {}


def names_come_from(read: CheckNames) -> None:
    _read_names[:] = [read]
