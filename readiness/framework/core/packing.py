"""Definitions as files: what was sent as texts by name, and a definition as the folder that it is kept in."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping

from readiness.framework.core.definition import Framework
from readiness.framework.core.loading import INDEX_NAME
from readiness.framework.core.mapping import to_mapping
from readiness.framework.core.reader import DefinitionError
from web.yaml_documents import MOST_BYTES, write

MOST_FILES = 20
READ = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What every program that packs a zip writes; others may ask for gigabytes to unpack a kilobyte."""
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    # Of offsets and names that are damaged, and of files that are encrypted.
    *(ValueError, EOFError, NotImplementedError, RuntimeError, OSError),
)


def texts_of(name: str, content: bytes) -> dict[str, str]:
    """Texts by file name, of one YAML file or of a zip with several. DefinitionError for what is neither."""
    if len(content) > MOST_BYTES:
        raise DefinitionError(name, f"has more than {MOST_BYTES} bytes")
    if content.startswith(b"PK"):
        return _unpacked(name, content)
    return {name: _text(name, content)}


def _unpacked(name: str, content: bytes) -> dict[str, str]:
    """Folders inside are left out of the names, and so are files that are no YAML."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            wanted = [
                member for member in packed.infolist() if member.filename.lower().endswith((".yaml", ".yml"))
            ]
            if any(member.compress_type not in READ for member in wanted):
                raise DefinitionError(name, "is packed in a way that is not read; use plain zip")
            if len(wanted) > MOST_FILES:
                raise DefinitionError(name, f"holds more than {MOST_FILES} files")
            texts: dict[str, str] = {}
            left = MOST_BYTES
            for member in wanted:
                # The size that the archive states may be a lie, so no more is unpacked than is allowed.
                with packed.open(member) as file:
                    read = file.read(left + 1)
                left -= len(read)
                if left < 0:
                    raise DefinitionError(name, f"has more than {MOST_BYTES} bytes when unpacked")
                inner = member.filename.rsplit("/", 1)[-1]
                if inner in texts:
                    raise DefinitionError(name, f"holds {inner} twice")
                texts[inner] = _text(inner, read)
    except DefinitionError:
        raise
    except UNREADABLE as error:
        raise DefinitionError(name, f"is no zip that can be read: {error}") from error
    if not texts:
        raise DefinitionError(name, "holds no YAML file")
    return texts


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(name, f"is not UTF-8: {error.reason} at byte {error.start}") from error


def folder(framework: Framework) -> dict[str, str]:
    """`index.yaml` and a file of checks for each pillar, as `load_files` reads them."""
    mapping = to_mapping(framework)
    checks = mapping.pop("checks")
    files = {pillar.id: f"{pillar.id}-{_slug(pillar.short_name)}.yaml" for pillar in framework.pillars}
    index = {**mapping, "check_files": list(files.values())}
    return {INDEX_NAME: write(index)} | {
        name: write([check for check in checks if check["pillar"] == pillar_id])
        for pillar_id, name in files.items()
    }


def packed(texts: Mapping[str, str]) -> bytes:
    """A zip; the same texts give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "checks"
