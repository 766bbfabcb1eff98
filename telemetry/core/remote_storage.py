"""The address of a remote storage that keeps samples, as the setting `MUSTER_TELEMETRY_STORE` gives it."""

from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit

OWN_TABLES = "postgres"
_SCHEMES = {"prometheus+https": "https", "prometheus+http": "http"}
_SAID_IN = {"Authorization": "the token", "X-Scope-OrgID": "tenant"}
_OPTIONS = {"write", "name", "tenant", "plain"}


@dataclass(frozen=True, slots=True)
class RemoteStorage:
    """Where samples are written, and where queries go (without `/api/v1/query`). `name` is the label that tells the
    series of this Muster from those of others. `headers` may have a password."""

    write_url: str
    query_url: str
    name: str = "muster"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    authorities: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.query_url).netloc


def parse_remote_storage(raw: str, *, token: str = "", authorities: str = "") -> RemoteStorage | None:
    """None for Muster's own tables. Raises ValueError; the message repeats no password."""
    if raw == OWN_TABLES:
        return None
    parts = urlsplit(raw)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or parts.fragment:
        raise ValueError(f"use {OWN_TABLES}, or prometheus+https://host:port")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted({*options} - _OPTIONS):
        raise ValueError(f"{unknown[0]} is no option: use {', '.join(sorted(_OPTIONS))}")
    netloc = parts.netloc.rpartition("@")[2]
    base = SplitResult(scheme, netloc, parts.path.rstrip("/"), "", "").geturl()
    write_url = urljoin(base, options["write"]) if "write" in options else f"{base}/api/v1/write"
    for url in (base, write_url):
        _check_transport(url, is_plain_allowed=options.get("plain") == "1")
    headers = _authorization(parts, token)
    if tenant := options.get("tenant"):
        headers["X-Scope-OrgID"] = tenant
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{_SAID_IN[name]} has a character that a header cannot have")
    return RemoteStorage(
        write_url, base, options.get("name") or "muster", tuple(headers.items()), authorities
    )


def _authorization(parts: SplitResult, token: str) -> dict[str, str]:
    # A secret that is read from a file often ends with a line break.
    if token := token.strip():
        return {"Authorization": f"Bearer {token}"}
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _check_transport(url: str, *, is_plain_allowed: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("write is a path, or an address that begins with https://, without a password")
    # Raises ValueError for a bad one.
    _ = parts.port
    if parts.scheme == "http" and not is_plain_allowed and not _is_loopback(parts.hostname):
        raise ValueError(f"{parts.hostname} is another machine: use prometheus+https://, or add plain=1")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
