"""Changes of people, and of what is written down about them."""

from readiness.organisation.people.operations.learning import (
    MAY_ASSIGN,
    MAY_COMPLETE,
    MAY_LOAD,
    MAY_REVOKE,
    assign,
    complete,
    enter_result,
    load_starting_set,
    revoke,
)
from readiness.organisation.people.operations.privacy import MAY_ERASE, StillHolds, erase_person
from readiness.organisation.people.operations.staff import (
    MAY_LINK,
    confirm_link,
    request_link,
    save_person,
    unlink,
)
