"""The keys of an installation: made on its first start, kept in files of its data folder, replaced on request.

Keys that the operator gives in the environment are theirs: Muster neither writes nor replaces these.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stack.layout import Layout

SIGNING, DELIVERY, FALLBACKS = "MUSTER_SECRET_KEY", "MUSTER_DELIVERY_KEY", "MUSTER_SECRET_KEY_FALLBACKS"
_FILES = {SIGNING: "secret-key", DELIVERY: "delivery-key"}
_OLD_SIGNING = "secret-key-of-before"
KEY_FILES = (*_FILES.values(), _OLD_SIGNING)
# As long as a session lasts (config/settings.py).
FALLBACK_LASTS = timedelta(days=14)


class KeysError(Exception):
    """The keys cannot be replaced; the message says why and what to do."""


def own_keys(layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """The keys by variable: those that the operator gave, else those of this data folder, made if needed."""
    keys = {variable: environ.get(variable) or own_key(layout, name) for variable, name in _FILES.items()}
    fallbacks = environ.get(FALLBACKS) or ("" if environ.get(SIGNING) else _old_key(layout))
    return {**keys, FALLBACKS: fallbacks} if fallbacks else keys


def own_key(layout: Layout, name: str) -> str:
    """A key of the installation's own, made on the first start."""
    path = layout.data / name
    if not path.exists():
        write_key_file(path, _new_key())
    return path.read_text().strip()


def keys_by_file(environment: Mapping[str, str]) -> dict[str, str]:
    """Names of files and what is in them, for a backup; `environment` has the keys that are in use."""
    files = {**_FILES, FALLBACKS: _OLD_SIGNING}
    return {name: environment[variable] for variable, name in files.items() if environment.get(variable)}


def replace_keys(layout: Layout, environ: Mapping[str, str], *, end_sessions: bool) -> None:
    """Make a new signing key and a new key for secrets, with the old ones beside them. Raises KeysError.

    Until `drop_old_delivery_keys`, secrets can be read with both; sessions go on by the old signing key. A replacement
    that was interrupted there is gone on with, and its keys stay the new ones.
    """
    if variables := sorted({SIGNING, DELIVERY, FALLBACKS} & {name for name in environ if environ[name]}):
        raise KeysError(
            f"{' and '.join(variables)} is set in the environment, so the keys are not Muster's own. Set new ones"
            " there, the old ones beside them, and run `manage.py rotate_keys`: docs/guides/backup.md says how."
        )
    old_signing, old_delivery = (own_key(layout, name) for name in _FILES.values())
    if "," not in old_delivery:
        write_key_file(layout.data / _OLD_SIGNING, old_signing)
        write_key_file(layout.data / "secret-key", _new_key())
        write_key_file(layout.data / "delivery-key", f"{_new_key()},{old_delivery}")
    if end_sessions:
        (layout.data / _OLD_SIGNING).unlink(missing_ok=True)


def drop_old_delivery_keys(layout: Layout) -> None:
    path = layout.data / "delivery-key"
    write_key_file(path, path.read_text().partition(",")[0].strip())


def write_key_file(path: Path, text: str) -> None:
    """Atomic, and readable by its owner alone."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.rename(path)


def _old_key(layout: Layout) -> str:
    """The signing key of before, while a session that it signed may last."""
    path = layout.data / _OLD_SIGNING
    if not path.exists():
        return ""
    replaced_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return path.read_text().strip() if datetime.now(UTC) - replaced_at < FALLBACK_LASTS else ""


def _new_key() -> str:
    return secrets.token_urlsafe(48)
