"""The buffer on disk: bodies in the order in which they came, in segments that are only appended to.

Once `append` returns, the body outlasts the process and the machine. What a crash cut in half at the end of the
newest segment is removed at the next start. A segment is deleted once all of it is taken, or when the buffer is beyond
its bounds: then the oldest goes first. A body is delivered at least once, and the same bytes each time.
"""

import errno
import fcntl
import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)

_MAGIC = b"MAB1"
# Magic, bytes of the body, samples in it, milliseconds since 1970 of its newest sample; then the CRC of these and of
# the body.
_HEAD = struct.Struct("<4sIIq")
_CRC = struct.Struct("<I")
_OVERHEAD = _HEAD.size + _CRC.size
SEGMENT_BYTES = 8 * 1024 * 1024
_SEGMENTS_OF_AGE = 16
_SUFFIX = ".segment"


class BufferInUse(Exception):
    """Another agent has this folder."""


@dataclass(frozen=True, slots=True)
class BufferedBody:
    """`segment` and `end` say where the next one begins."""

    body: bytes
    samples: int
    newest_ms: int
    segment: int
    end: int


@dataclass(slots=True)
class BufferSegment:
    """A file of the buffer, and the times of its first and its newest sample, 0 while it is empty."""

    number: int
    size: int = 0
    first_ms: int = 0
    newest_ms: int = 0

    def count(self, body: BufferedBody) -> None:
        self.size = body.end
        self.first_ms = self.first_ms or body.newest_ms
        self.newest_ms = max(self.newest_ms, body.newest_ms)


@dataclass(frozen=True, slots=True)
class BufferBounds:
    max_bytes: int
    max_age_ms: int


@dataclass(slots=True)
class BufferLosses:
    """Losses since the buffer was opened: samples beyond its bounds, and bytes that were damaged."""

    samples_beyond_bounds: int = 0
    damaged_bytes: int = 0


class DiskBuffer:
    def __init__(self, folder: Path, bounds: BufferBounds, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open the folder, or make it. Raises OSError, and BufferInUse."""
        self._folder = folder
        self._bounds = bounds
        self._segment_bytes = segment_bytes
        self.losses = BufferLosses()
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise BufferInUse(f"{folder} belongs to another agent that runs") from error
        numbers = sorted(int(path.stem) for path in folder.glob(f"[0-9]*{_SUFFIX}"))
        self._segments = [self._measure(number, is_last=number == numbers[-1]) for number in numbers]
        self._segment, self._offset = self._read_place()
        self._file = self._open_last()

    def close(self) -> None:
        self._file.close()
        self._lock.close()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self._segments)

    @property
    def waiting_bytes(self) -> int:
        delivered = sum(segment.size for segment in self._segments if segment.number < self._segment)
        return self.size - delivered - self._offset

    def append(self, body: bytes, *, samples: int, newest_ms: int, now_ms: int) -> None:
        """Write a body. Raises OSError, after which the buffer is as before."""
        segment = self._segments[-1]
        if self._is_full(segment, newest_ms):
            self._begin_segment()
            segment = self._segments[-1]
        head = _HEAD.pack(_MAGIC, len(body), samples, newest_ms)
        record = head + _CRC.pack(zlib.crc32(body, zlib.crc32(head))) + body
        try:
            if self._file.write(record) < len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), segment.size)
            raise
        segment.count(BufferedBody(body, samples, newest_ms, segment.number, segment.size + len(record)))
        self._keep_bounds(now_ms)

    def _begin_segment(self) -> None:
        before = self._file
        self._segments.append(BufferSegment(self._segments[-1].number + 1))
        try:
            self._file = self._open_last()
        except OSError:
            self._segments.pop()
            raise
        before.close()

    def _is_full(self, segment: BufferSegment, newest_ms: int) -> bool:
        """A segment goes as a whole when it is too old, so it also holds no long time."""
        lasts_ms = self._bounds.max_age_ms / _SEGMENTS_OF_AGE
        return segment.size > 0 and (
            segment.size >= self._segment_bytes or newest_ms - segment.first_ms > lasts_ms
        )

    def oldest(self) -> BufferedBody | None:
        """The body to deliver next."""
        while True:
            segment = next(each for each in self._segments if each.number == self._segment)
            body = next(self._bodies(segment.number, self._offset), None)
            if body is not None:
                return body
            if self._offset < segment.size:
                self.losses.damaged_bytes += segment.size - self._offset
            if segment is self._segments[-1]:
                self._offset = segment.size
                return None
            self._move_to(segment.number + 1, 0)

    def remove(self, body: BufferedBody) -> None:
        """Go on behind a body that was delivered. After a crash it may come out again."""
        if body.segment >= self._segment:
            self._move_to(body.segment, body.end)

    def _keep_bounds(self, now_ms: int) -> None:
        while len(self._segments) > 1 and (
            self.size > self._bounds.max_bytes
            or self._segments[0].newest_ms < now_ms - self._bounds.max_age_ms
        ):
            first, second = self._segments[:2]
            start = self._offset if first.number == self._segment else 0
            self.losses.samples_beyond_bounds += sum(
                each.samples for each in self._bodies(first.number, start)
            )
            self._move_to(second.number, 0)

    def _move_to(self, number: int, offset: int) -> None:
        self._segment, self._offset = number, offset
        place = self._folder / "place.json"
        new = place.with_suffix(".new")
        # Without it some bodies are delivered again after a crash. On a full disk segments still have to go.
        try:
            new.write_text(json.dumps({"segment": number, "offset": offset}))
            new.replace(place)
        except OSError as error:
            log.error("%s cannot be written: %s", place, error.strerror)
        while self._segments[0].number < number:
            self._path(self._segments.pop(0).number).unlink(missing_ok=True)

    def _read_place(self) -> tuple[int, int]:
        """Where the next body begins; where that is not on record, at the oldest."""
        if not self._segments:
            self._segments.append(BufferSegment(1))
        first = self._segments[0].number
        try:
            place = json.loads((self._folder / "place.json").read_text())
            number, offset = int(place["segment"]), int(place["offset"])
        except (OSError, ValueError, KeyError, TypeError):
            return first, 0
        if number not in [segment.number for segment in self._segments]:
            return first, 0
        return number, offset

    def _measure(self, number: int, *, is_last: bool) -> BufferSegment:
        """Read a segment once; the newest one is cut where its last whole body ends."""
        path = self._path(number)
        size = path.stat().st_size
        segment = BufferSegment(number)
        for body in self._bodies(number, 0):
            segment.count(body)
        if is_last and segment.size < size:
            self.losses.damaged_bytes += size - segment.size
            os.truncate(path, segment.size)
        else:
            segment.size = size
        return segment

    def _bodies(self, number: int, offset: int) -> Iterator[BufferedBody]:
        """The whole bodies from an offset on, as far as nothing is damaged."""
        try:
            file = self._path(number).open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(offset)
            while len(head := file.read(_OVERHEAD)) == _OVERHEAD:
                magic, length, samples, newest_ms = _HEAD.unpack_from(head)
                if magic != _MAGIC:
                    return
                body = file.read(length)
                if (
                    len(body) < length
                    or zlib.crc32(body, zlib.crc32(head[: _HEAD.size])) != _CRC.unpack(head[_HEAD.size :])[0]
                ):
                    return
                offset += _OVERHEAD + length
                yield BufferedBody(body, samples, newest_ms, number, offset)

    def _open_last(self) -> IO[bytes]:
        path = self._path(self._segments[-1].number)
        is_new = not path.exists()
        file = path.open("ab", buffering=0)
        if is_new:
            # So that a crash of the machine does not lose the file's name.
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return file

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:020}{_SUFFIX}"
