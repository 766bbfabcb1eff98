"""A base backup as a tar stream, compared with the manifest at its end while it passes.

PostgreSQL's manifest names each file with its size and SHA-256. `pg_verifybackup` does the same for files on disk, and
is run on them when a backup is restored.
"""

import hashlib
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

MANIFEST = "backup_manifest"
# These stand in the tar and not in the manifest: the manifest itself, and the log of changes, which has checksums.
_WITHOUT_CHECKSUM = "pg_wal/"
PIECE_BYTES = 256 * 1024


class ManifestError(Exception):
    """The stream is not what its manifest says."""


class PassingStream:
    """Gives each piece that is read to `pass_on` as well."""

    def __init__(self, source: IO[bytes], pass_on: Callable[[bytes], None]) -> None:
        self._source, self._pass_on = source, pass_on

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self._pass_on(piece)
        return piece


@dataclass(frozen=True)
class VerifiedStream:
    """`files` agree with the manifest. The log of changes from `begins_at` to `ends_at` makes a database of them."""

    files: int
    begins_at: str
    ends_at: str


def verify(stream: Any) -> VerifiedStream:
    """Read the stream to its end, and compare it with its manifest. Raises ManifestError."""
    files: dict[str, tuple[int, str]] = {}
    manifest = b""
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=PIECE_BYTES) as tar:
            for member in tar:
                tar.members.clear()  # type: ignore[attr-defined]  # it would keep each
                content = tar.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                if member.name == MANIFEST:
                    manifest = content.read()
                else:
                    files[member.name] = (member.size, _digest(content))
    except tarfile.TarError as error:
        raise ManifestError(f"The backup's stream cannot be read: {error}.") from None
    while stream.read(PIECE_BYTES):
        pass
    return _compare(files, manifest)


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _compare(files: dict[str, tuple[int, str]], manifest: bytes) -> VerifiedStream:
    if not manifest:
        raise ManifestError("The backup has no manifest.")
    document = json.loads(manifest)
    expected = {}
    for file in document["Files"]:
        name = file.get("Path") or bytes.fromhex(file["Encoded-Path"]).decode(errors="surrogateescape")
        expected[name] = (file["Size"], file["Checksum"])
    for name, file in expected.items():
        if files.get(name) != file:
            raise ManifestError(f"{name} in the backup is not what the database sent.")
    surplus = [name for name in files.keys() - expected.keys() if not name.startswith(_WITHOUT_CHECKSUM)]
    if surplus:
        raise ManifestError(f"{min(surplus)} is in the backup and not in its manifest.")
    log_range = document["WAL-Ranges"][-1]
    return VerifiedStream(len(expected), log_range["Start-LSN"], log_range["End-LSN"])
