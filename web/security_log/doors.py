"""Events of tokens that are refused where Django sees no request: at the doors, and before a large body is read."""

from datetime import datetime

from web.security_log.models import SecurityEvent
from web.security_log.recording import record


def note_bad_token(*, address: str, place: str, is_unchecked: bool, now: datetime) -> None:
    """`is_unchecked`: the token was not looked at, because of those that came before from the address."""
    action = SecurityEvent.Action.TOKEN_DELAYED if is_unchecked else SecurityEvent.Action.TOKEN_REFUSED
    record(action, address=address, place=place, detail={"method": "POST"}, now=now)
