"""Changes of people, and of what is written down about them."""

from readiness.people.operations.skills import MAY_LOAD, MAY_REVOKE, load_starting_set, revoke
from readiness.people.operations.staff import (
    LINKING,
    MAY_LINK,
    PERSON_FIELDS,
    NotRequested,
    confirm_link,
    request_link,
    save_person,
    unlink,
)
from readiness.people.operations.training import MAY_ASSIGN, MAY_COMPLETE, assign, complete

__all__ = [
    "LINKING",
    "MAY_ASSIGN",
    "MAY_COMPLETE",
    "MAY_LINK",
    "MAY_LOAD",
    "MAY_REVOKE",
    "PERSON_FIELDS",
    "NotRequested",
    "assign",
    "complete",
    "confirm_link",
    "load_starting_set",
    "request_link",
    "revoke",
    "save_person",
    "unlink",
]
