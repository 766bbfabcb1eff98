"""Calls the remote storage: without redirects, limited in time and bytes."""

from collections.abc import Mapping
from contextlib import closing
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from telemetry.core.remote_storage import RemoteStorage
from telemetry.core.write_requests import HEADERS
from web.refusals import Refusal, ServiceUnavailable

if TYPE_CHECKING:
    from urllib3 import PoolManager

CONNECT_S, WRITE_S, QUERY_S = 5.0, 30.0, 20.0
# Read as samples, an answer takes some five times as much memory.
MOST_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_QUOTED_CHARS = 300
# By these a remote storage judges the samples. Every other answer is about address, sign-in or load.
_JUDGING_STATUSES = {400, 413, 422}


class RemoteStorageUnavailable(ServiceUnavailable):
    """The remote storage did not answer, or not as its protocol has it; the message says what happened."""

    refusal = Refusal(
        503,
        "Muster is waiting for the remote storage that keeps its samples",
        "The remote storage that keeps older samples does not answer. Nothing is lost; samples of the last hour can be"
        " read, and older ones when it answers again.",
        30,
    )


class StorageAnswerTooLarge(RemoteStorageUnavailable):
    """A question for fewer series, or a shorter time, has a smaller answer."""


def write(address: RemoteStorage, body: bytes) -> str | None:
    """Send a body of remote write; returns why the remote storage refuses its samples, None if it took them. Raises
    RemoteStorageUnavailable."""
    status, content = _call(address, address.write_url, body, HEADERS, WRITE_S)
    if 200 <= status < 300 and not content.lstrip().startswith(b"<"):
        return None
    # Quoted, since another server may have written it.
    quoted = f"{status} {content[:_QUOTED_CHARS].decode(errors='replace').strip()!r}"
    if status in _JUDGING_STATUSES:
        return quoted
    raise RemoteStorageUnavailable(f"{address.host} answers {quoted} to samples")


def query(
    address: RemoteStorage, expression: str, *, at_ms: int, limit_s: float = QUERY_S
) -> list[dict[str, Any]]:
    """The series of a range selector that ends at an instant, each as `metric` and `values`. Raises
    StorageAnswerTooLarge, and RemoteStorageUnavailable, also if the storage says that its answer is not whole."""
    form = {"query": expression, "time": f"{at_ms / 1000:.3f}", "partial_response": "false"}
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    status, content = _call(
        address, f"{address.query_url}/api/v1/query", urlencode(form).encode(), content_type, limit_s
    )
    try:
        answer = orjson.loads(content)
        series: list[dict[str, Any]] = answer["data"]["result"]
        is_whole = (
            status == 200 and answer["status"] == "success" and answer["data"]["resultType"] == "matrix"
        )
    except (ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole or answer.get("isPartial") or answer.get("warnings"):
        quoted = content[:_QUOTED_CHARS].decode(errors="replace").strip()
        raise RemoteStorageUnavailable(f"{address.host} answers {status} {quoted!r} to a query")
    return series


def _call(
    address: RemoteStorage, url: str, body: bytes, headers: Mapping[str, str], limit_s: float
) -> tuple[int, bytes]:
    from urllib3 import Timeout
    from urllib3.exceptions import HTTPError

    until = monotonic() + limit_s
    content = bytearray()
    try:
        response = _pool(address).request(
            "POST",
            url,
            body=body,
            headers={"User-Agent": "Muster", **dict(address.headers), **headers},
            preload_content=False,
            redirect=False,
            timeout=Timeout(connect=CONNECT_S, read=limit_s),
        )
        with closing(response):
            for chunk in response.stream(_CHUNK_BYTES):
                content += chunk
                if len(content) > MOST_BYTES:
                    raise StorageAnswerTooLarge(f"{address.host} answers with more than {MOST_BYTES} bytes")
                if monotonic() > until:
                    raise RemoteStorageUnavailable(
                        f"{address.host} did not finish its answer within {limit_s:.1f} s"
                    )
            response.release_conn()
        return response.status, bytes(content)
    except (HTTPError, OSError) as error:
        raise RemoteStorageUnavailable(f"{address.host} does not answer: {error}") from error


@cache
def _pool(address: RemoteStorage) -> "PoolManager":
    # Loaded only where there is a remote storage.
    from urllib3 import PoolManager

    return PoolManager(
        retries=False,
        ca_certs=address.authorities or None,
        cert_reqs="CERT_REQUIRED",
    )
