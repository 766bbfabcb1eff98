"""Why rules cannot be changed or published, beside what is wrong with what they say."""

from accounts.models import User
from web.permissions import MissingPermission

MAY_SEE = "jurisdiction.view_rule"
MAY_ADD = "jurisdiction.add_rulepack"
MAY_EDIT = "jurisdiction.change_rulepack"
MAY_DISCARD = "jurisdiction.delete_rulepack"
MAY_PUBLISH = "jurisdiction.publish_rulepack"


class PackNotADraft(Exception):
    """The pack is or was in force; what decided cases is not rewritten."""


class NotInForce(Exception):
    """Only the pack in force can be withdrawn."""


class StalePackRevision(Exception):
    """The draft went on since it was read; the message says who did it."""


class NothingPublished(Exception):
    """No pack is in force, so nothing is decided."""


def require(user: User, permission: str) -> None:
    if not user.has_perm(permission):
        raise MissingPermission([permission])
