"""Documents as files: one YAML, or a zip of several; and the line of a field in them."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from web import yaml_documents
from web.versioned.core.documents import DocumentError
from web.yaml_documents import MOST_BYTES

type Texts = Mapping[str, str]

MOST_FILES = 20
READ = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Compression methods that every zip program writes; others may expand a kilobyte to gigabytes."""
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    # Raised for damaged offsets and names, and for encrypted files.
    *(ValueError, EOFError, NotImplementedError, RuntimeError, OSError),
)
_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
_LINE = re.compile(r"^line ([0-9]+)$")


def parse(text: str, name: str) -> Any:
    """YAML as plain values; raises DocumentError for unreadable text, with its line or with `name` as its path."""
    try:
        return yaml_documents.read(text)
    except yaml_documents.YamlError as error:
        raise DocumentError(f"line {error.line}" if error.line else name, error.reason) from error


def located[T](load: Callable[[Texts], T], texts: Texts) -> T:
    """Load from files. DocumentErrors get file and line if the field can be located."""
    try:
        return load(texts)
    except DocumentError as error:
        place(texts, [error, *error.others])
        raise


def place(texts: Texts, errors: Sequence[DocumentError]) -> None:
    """Give errors the file and line of their fields, if they can be located."""
    for error, (file, line) in zip(errors, find_all(texts, [each.path for each in errors]), strict=True):
        error.file, error.line = file, line


def texts_of(name: str, content: bytes) -> dict[str, str]:
    """Texts by file name, from one YAML file or a zip of several. Raises DocumentError for anything else."""
    if len(content) > MOST_BYTES:
        raise DocumentError(name, f"has more than {MOST_BYTES} bytes")
    if not content.startswith(b"PK"):
        return {name: _text(name, content)}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts = _unpacked(name, archive)
    except DocumentError:
        raise
    except UNREADABLE as error:
        raise DocumentError(name, f"is not a readable zip: {error}") from error
    if not texts:
        raise DocumentError(name, "holds no YAML file")
    return texts


def _unpacked(name: str, archive: zipfile.ZipFile) -> dict[str, str]:
    """Names lose their folders; files that are not YAML are ignored."""
    members = [each for each in archive.infolist() if each.filename.lower().endswith((".yaml", ".yml"))]
    if any(member.compress_type not in READ for member in members):
        raise DocumentError(name, "is packed in a way that is not read; use plain zip")
    if len(members) > MOST_FILES:
        raise DocumentError(name, f"holds more than {MOST_FILES} files")
    texts: dict[str, str] = {}
    left = MOST_BYTES
    for member in members:
        # The size stated in the archive may be wrong, so unpack no more than the limit.
        with archive.open(member) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise DocumentError(name, f"has more than {MOST_BYTES} bytes when unpacked")
        inner = member.filename.rsplit("/", 1)[-1]
        if inner in texts:
            raise DocumentError(name, f"holds {inner} twice")
        texts[inner] = _text(inner, content)
    return texts


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(name, f"is not UTF-8: {error.reason} at byte {error.start}") from error


def packed(texts: Texts) -> bytes:
    """A zip; the same texts always give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def find_all(texts: Texts, paths: Sequence[str]) -> list[tuple[str, int]]:
    is_stated = all(path in texts or _LINE.match(path) for path in paths)
    roots = {} if is_stated else {name: yaml_documents.nodes(text) for name, text in texts.items()}
    return [_find(texts, roots, path) for path in paths]


def _find(texts: Texts, roots: Mapping[str, yaml.Node | None], path: str) -> tuple[str, int]:
    if path in texts:
        return path, 0
    if stated := _LINE.match(path):
        return (next(iter(texts)), int(stated[1])) if len(texts) == 1 else ("", int(stated[1]))
    steps = [(match[1], match[2]) for match in _STEP.finditer(path)]
    best = ("", 0, 0)
    for name, root in roots.items():
        # A file with a list holds one section; the rest of the document is in the index.
        is_section = isinstance(root, yaml.SequenceNode) and bool(steps) and steps[0][1] is None
        depth, line = _deepest(root, steps[1:] if is_section else steps)
        if depth > best[2]:
            best = (name, line, depth)
    return best[0], best[1]


def _deepest(node: yaml.Node | None, steps: list[tuple[str, str]]) -> tuple[int, int]:
    depth, line = 0, 0
    for step in steps:
        place = _step(node, *step)
        if place is None:
            break
        node, line = place
        depth += 1
    return depth, line


def _step(node: yaml.Node | None, key: str | None, item: str | None) -> tuple[yaml.Node, int] | None:
    if key and isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if key_node.value == key:
                return value, key_node.start_mark.line + 1
    if item is not None and isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            if item in (_id_of(value), str(position)):
                return value, value.start_mark.line + 1
    return None


def _id_of(node: yaml.Node) -> str | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value.value for key, value in pairs if key.value == "id" and value.id == "scalar"), None)
