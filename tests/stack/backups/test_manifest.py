"""A base backup is compared with its manifest while it passes."""

import hashlib
import io
import json
import tarfile

import pytest

from stack.backups import manifest
from stack.backups.manifest import ManifestError, PassingStream

FILES = {"PG_VERSION": b"18\n", "base/1/1259": b"rows" * 1000, "base/1/empty": b""}

LOG = [{"Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000120"}]


def listed(files: dict[str, bytes]) -> bytes:
    entries = [
        {
            **({"Path": name} if name.isascii() else {"Encoded-Path": name.encode().hex()}),
            "Size": len(content),
            "Checksum-Algorithm": "SHA256",
            "Checksum": hashlib.sha256(content).hexdigest(),
        }
        for name, content in files.items()
    ]
    return json.dumps({"PostgreSQL-Backup-Manifest-Version": 2, "Files": entries, "WAL-Ranges": LOG}).encode()


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def verified(stream: bytes) -> int:
    seen: list[bytes] = []
    outcome = manifest.verify(PassingStream(io.BytesIO(stream), seen.append))
    assert b"".join(seen) == stream, "everything is passed on"
    assert (outcome.begins_at, outcome.ends_at) == ("0/2000028", "0/2000120")
    return outcome.files


def test_files_that_agree_are_counted_and_everything_is_passed_on() -> None:
    log_of_changes = {"pg_wal/000000010000000000000002": b"x" * 512}
    stream = packed(FILES | log_of_changes | {manifest.MANIFEST: listed(FILES)})
    assert verified(stream) == 3
    assert verified(stream + b"\0" * 70_000) == 3


def test_a_name_that_is_not_plain_is_compared_too() -> None:
    files = {"base/1/größe": b"1"}
    assert verified(packed(files | {manifest.MANIFEST: listed(files)})) == 1


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (packed(FILES), "no manifest"),
        (packed(FILES | {"PG_VERSION": b"17\n", manifest.MANIFEST: listed(FILES)}), "PG_VERSION .* not what"),
        (packed({manifest.MANIFEST: listed(FILES)}), "PG_VERSION .* not what"),
        (packed(FILES | {"base/1/9": b"", manifest.MANIFEST: listed(FILES)}), "base/1/9 .* not in its manifest"),
        (packed(FILES | {manifest.MANIFEST: listed(FILES)})[:3000], "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=["no manifest", "another content", "files are missing", "a file too many", "cut", "empty"],
)  # fmt: skip
def test_a_stream_that_is_not_what_its_manifest_says_is_refused(stream: bytes, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        manifest.verify(io.BytesIO(stream))
