"""Changes of people, and of what is written down about them."""

from readiness.people.operations.privacy import MAY_ERASE, StillHolds, erase_person
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

__all__ = [
    "LINKING",
    "MAY_ERASE",
    "MAY_LINK",
    "PERSON_FIELDS",
    "NotRequested",
    "StillHolds",
    "confirm_link",
    "erase_person",
    "request_link",
    "save_person",
    "unlink",
]
