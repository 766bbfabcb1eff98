"""Users and what lets them in."""

from accounts.models.factors import RecoveryCode, SecondFactor
from accounts.models.sessions import SIGNING_OUT, Session, SignInLink
from accounts.models.sign_on import ExternalIdentity, GroupRule
from accounts.models.tokens import Token, TokenQuerySet
from accounts.models.users import (
    READER,
    READER_SETTING,
    REHASHING,
    WRITER,
    AccessScope,
    AccountTie,
    GroupPermission,
    RoleMembership,
    ScopeKind,
    User,
    UserPermission,
    UserQuerySet,
)
from accounts.models.views import SavedView

__all__ = [
    *("AccessScope", "AccountTie", "ExternalIdentity", "GroupPermission", "GroupRule", "RecoveryCode"),
    *("RoleMembership", "SavedView"),
    *("ScopeKind", "SecondFactor", "Session", "SignInLink", "Token", "TokenQuerySet", "User"),
    *("UserPermission", "UserQuerySet", "READER", "READER_SETTING", "REHASHING", "SIGNING_OUT", "WRITER"),
]
