"""Problems of Muster itself: tokens that end while programs use them.

More people see faults than may see tokens, so that a fault tells accounts by their numbers, and nothing of the tokens.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from accounts.models import Token
from accounts.token_ends import tokens_ending_in_use
from web import units
from web.faults import NAMED, MusterFault


def faults(now: datetime) -> Iterator[MusterFault]:
    """One statement if no token ends in use."""
    tokens = tokens_ending_in_use(now)
    ended = [token for token in tokens if token.has_expired(now)]
    ending = [token for token in tokens if not token.has_expired(now)]
    if ending:
        title = units.plural(len(ending), "A token in use ends soon", f"{len(ending)} tokens in use end soon")
        detail = (
            f"{_accounts(ending)}. Replace each, and give its program the new one, before it is refused. The page"
            " of each account says when."
        )
        yield MusterFault("tokens-ending", title, detail, None, is_bad=False)
    if ended:
        title = units.plural(
            len(ended), "A token ended while in use", f"{len(ended)} tokens ended while in use"
        )
        detail = (
            f"{_accounts(ended)}. What uses it is refused. Replace it, or revoke it if no program needs it"
            " any more."
        )
        yield MusterFault("tokens-ended", title, detail, ended[0].expires_at, is_bad=True)


def _accounts(tokens: Sequence[Token]) -> str:
    """Name accounts as `/settings/users/<number>/` does."""
    numbers = sorted({token.user_id for token in tokens if token.user_id})
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    noun = units.plural(len(numbers), "Account", "Accounts")
    return f"{noun} {', '.join(map(str, numbers[:NAMED]))}{more}"
