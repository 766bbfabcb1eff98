"""Where samples are kept: the settings of an engine of the organisation."""

from django.core.exceptions import ImproperlyConfigured

from config import env
from telemetry.core.engine_address import OWN_TABLES, EngineAddress, parse_engine_address

STORE = "MUSTER_TELEMETRY_STORE"


def engine_address() -> EngineAddress | None:
    """None for Muster's own tables."""
    address = env.text(
        STORE,
        OWN_TABLES,
        "where samples older than an hour are kept: postgres, or prometheus+https://host:port of an engine",
    )
    token = env.text("MUSTER_TELEMETRY_STORE_TOKEN", "", "the bearer token of this engine")
    authorities = env.text(
        "MUSTER_TELEMETRY_STORE_CA",
        "",
        "a file of certificates (PEM) that prove this engine, in place of those of the system",
    )
    try:
        return parse_engine_address(address, token=token, authorities=authorities)
    except ValueError as error:
        # The value is not repeated: there may be a password in it.
        raise ImproperlyConfigured(f"{STORE} cannot be read: {error}.") from error
