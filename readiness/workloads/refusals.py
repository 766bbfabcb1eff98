"""Which permission each write needs, and why an import was refused."""

from dataclasses import dataclass

from accounts.models import User
from web.permissions import MissingPermission

MAY_SEE = "workloads.view_workloadclass"
MAY_ADD = "workloads.add_workloadclass"
MAY_CHANGE = "workloads.change_workloadclass"
MAY_REMOVE = "workloads.delete_workloadclass"
MAY_PLACE = "workloads.add_placement"
MAY_END = "workloads.change_placement"


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """`path` names the field as the file has it, `line` its line there; 0 where that cannot be told."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.path) if part)
        return f"{place}: {self.reason}" if place else self.reason


class ImportRefused(ValueError):
    """Nothing of the file was kept; each of `faults` says where it is and what is wrong."""

    def __init__(self, faults: list[DocumentFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def require(user: User | None, permission: str) -> None:
    """Somebody who is nobody is a program of Muster's own, such as the demo."""
    if user is not None and not user.has_perm(permission):
        raise MissingPermission([permission])
