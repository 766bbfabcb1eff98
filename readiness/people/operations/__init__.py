"""Changes of people, and of what is written down about them."""

from readiness.people.operations.privacy import MAY_ERASE, StillHolds, erase_person
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
    "MAY_ERASE",
    "MAY_LINK",
    "MAY_LOAD",
    "MAY_REVOKE",
    "PERSON_FIELDS",
    "NotRequested",
    "StillHolds",
    "assign",
    "complete",
    "confirm_link",
    "erase_person",
    "load_starting_set",
    "request_link",
    "revoke",
    "save_person",
    "unlink",
]
