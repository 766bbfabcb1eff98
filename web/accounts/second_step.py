"""Between the password and the second factor: who gave the right password, kept in a session that signs nobody in."""

from datetime import datetime, timedelta

from accounts.models import User
from web import clock
from web.accounts.signing import own_address
from web.requests import UserRequest

LASTS = timedelta(minutes=10)
_KEY = "second_step"


def begin(request: UserRequest, user: User) -> None:
    # Whoever knew the key of the session before does not know it now.
    request.session.flush()
    request.session[_KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "began_at": clock.now().isoformat(),
        "next": own_address(request),
    }
    request.session.set_expiry(int(LASTS.total_seconds()))


def user_of(request: UserRequest) -> User | None:
    """Return who gave the right password within ten minutes; None if nobody did, or it is no longer right."""
    state = request.session.get(_KEY)
    if state is None or clock.now() - datetime.fromisoformat(state["began_at"]) >= LASTS:
        return None
    # The security log names the account, also where the code was not looked at.
    request.account_to_prove = state["user"]
    user = User.objects.filter(pk=state["user"], is_active=True).first()
    return user if user is not None and user.get_session_auth_hash() == state["password"] else None


def end(request: UserRequest) -> str:
    """Forget the step; returns the address that was asked for, or "" if none was."""
    state = request.session.pop(_KEY)
    return str(state["next"])
