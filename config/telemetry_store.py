"""The settings that say where samples are kept."""

from django.core.exceptions import ImproperlyConfigured

from config import env
from telemetry.core.remote_storage import OWN_TABLES, RemoteStorage, parse_remote_storage

_STORE = "MUSTER_TELEMETRY_STORE"


def _remote_storage() -> RemoteStorage | None:
    """None for Muster's own tables."""
    address = env.text(
        _STORE,
        OWN_TABLES,
        "where samples older than an hour are kept: postgres, or prometheus+https://host:port of a remote storage",
    )
    token = env.text("MUSTER_TELEMETRY_STORE_TOKEN", "", "the bearer token of this storage")
    authorities = env.text(
        "MUSTER_TELEMETRY_STORE_CA",
        "",
        "a file of certificates (PEM) that prove this storage, in place of those of the system",
    )
    try:
        return parse_remote_storage(address, token=token, authorities=authorities)
    except ValueError as error:
        # The value is not repeated: there may be a password in it.
        raise ImproperlyConfigured(f"{_STORE} cannot be read: {error}.") from error


TELEMETRY_STORE = _remote_storage()
TELEMETRY_STORE_WAITING_BYTES = env.integer(
    "MUSTER_TELEMETRY_STORE_WAITING_BYTES",
    20 * 1024**3,
    "bytes of samples that wait for the remote storage before senders are told to slow down (429)",
)
