"""Problems of Muster itself: tokens that end while programs use them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from accounts.models import Token
from accounts.token_ends import tokens_ending_in_use
from web import units
from web.faults import MusterFault

NAMED = 3


def faults(now: datetime) -> Iterator[MusterFault]:
    tokens = list(tokens_ending_in_use(now))
    ended = [token for token in tokens if token.has_expired(now)]
    ending = [token for token in tokens if not token.has_expired(now)]
    if ending:
        title = units.plural(len(ending), "A token in use ends soon", f"{len(ending)} tokens in use end soon")
        detail = f"{_names(ending)}. Replace each, and give its program the new one, before it is refused."
        yield MusterFault("tokens-ending", title, detail, None, is_bad=False)
    if ended:
        title = units.plural(
            len(ended), "A token ended while in use", f"{len(ended)} tokens ended while in use"
        )
        detail = f"{_names(ended)}. What uses it is refused. Replace it, or revoke it if no program needs it any more."
        yield MusterFault("tokens-ended", title, detail, ended[0].expires_at, is_bad=True)


def _names(tokens: Sequence[Token]) -> str:
    names = ", ".join(
        f"{token.name} (muster_{token.prefix}, {units.instant(token.expires_at)})"
        for token in tokens[:NAMED]
        if token.expires_at
    )
    more = len(tokens) - NAMED
    return f"{names} and {more} more" if more > 0 else names
