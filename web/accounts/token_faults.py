"""Problems of Muster itself: tokens that end while programs use them, and service accounts that nobody answers for.

More people see faults than may see tokens, so that a fault tells accounts by their numbers, and nothing of the tokens.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from accounts.models import Token, User
from accounts.token_ends import tokens_ending_in_use
from web import units
from web.faults import NAMED, MusterFault


def faults(now: datetime) -> Iterator[MusterFault]:
    """Two statements if no token ends in use."""
    yield from _unowned()
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


def _unowned() -> Iterator[MusterFault]:
    accounts = list(User.objects.unowned().values_list("pk", flat=True))
    if accounts:
        title = units.plural(
            len(accounts),
            "A service account has nobody who answers for it",
            f"{len(accounts)} service accounts have nobody who answers for them",
        )
        detail = (
            f"{_numbers(accounts)}. It has no owner, or its owner is deactivated. Choose a person on its page, or"
            " deactivate it if no program needs it."
        )
        yield MusterFault("service-accounts-unowned", title, detail, None, is_bad=False)


def _accounts(tokens: Sequence[Token]) -> str:
    return _numbers(token.user_id for token in tokens if token.user_id)


def _numbers(accounts: Iterable[int]) -> str:
    """Name accounts as `/settings/users/<number>/` does."""
    numbers = sorted(set(accounts))
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    noun = units.plural(len(numbers), "Account", "Accounts")
    return f"{noun} {', '.join(map(str, numbers[:NAMED]))}{more}"
