"""A folder with a short path for unix sockets: the kernel allows about 100 bytes, and a checkout may be deep."""

import tempfile
from pathlib import Path

from stack.account import Account, give

LONGEST = 60


def short_folder(prefix: str, *, account: Account | None) -> Path:
    """A new folder, accessible only to the account (and root)."""
    base = tempfile.gettempdir()
    if len(base) + len(prefix) > LONGEST:
        base = "/tmp"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    give(folder, account)
    return folder
