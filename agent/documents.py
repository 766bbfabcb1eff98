"""YAML and JSON files of the site, which are read within bounds, and files that outlast a power cut."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 4 * 1024 * 1024
MOST_DEPTH = 20


class UnreadableFile(ValueError):
    """A file that cannot be read; the message names it."""


def read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFile(f"{path}: more than {MOST_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path}: no UTF-8 at byte {error.start}") from error


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file. After a power cut it has this content or the one before. Raises OSError."""
    new_file = path.with_suffix(".new")
    with new_file.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new_file.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let the names of its files outlast a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read_document(path: Path) -> Any:
    """The values of a YAML file; JSON is YAML too."""
    text = read_text(path)
    try:
        _check_events(yaml.parse(text, Loader=yaml.CSafeLoader))
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableFile(f"{path}: is no YAML: {' '.join(str(error).split())}") from error


def _check_events(events: Iterable[yaml.Event]) -> None:
    """Refuse aliases, a few lines of which can expand to gigabytes, and what would take the parser's stack."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"line {_line(event)} holds an alias; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise ValueError(f"line {_line(event)} is nested too deeply")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
