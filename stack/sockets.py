"""A folder with a short path for unix sockets: the kernel takes about 100 bytes, a checkout may lie deep."""

import tempfile
from pathlib import Path

from stack.account import Account, give

LONGEST = 60


def short_folder(prefix: str, *, account: Account | None) -> Path:
    """A new folder, open to the account alone (root reaches it anyway)."""
    base = tempfile.gettempdir()
    if len(base) + len(prefix) > LONGEST:
        base = "/tmp"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    give(folder, account)
    return folder
