"""Why a version cannot be changed or published, beside what is wrong with a definition itself."""

from accounts.models import User
from web.permissions import MissingPermission

MAY_SEE = "framework.view_frameworkversion"
MAY_ADD = "framework.add_frameworkversion"
MAY_EDIT = "framework.change_frameworkversion"
MAY_DISCARD = "framework.delete_frameworkversion"
MAY_PUBLISH = "framework.publish_frameworkversion"


class NotADraft(Exception):
    """It is published or was; what judged sites is not rewritten."""


class StaleRevision(Exception):
    """The draft went on since it was read; the message says who did what."""


class NeedsReason(Exception):
    """Publishing it so is an exception that has to be explained; `why` are the sentences of what stands against it."""

    def __init__(self, why: list[str]) -> None:
        super().__init__(" ".join(why))
        self.why = why


def require(user: User, permission: str) -> None:
    if not user.has_perm(permission):
        raise MissingPermission([permission])
