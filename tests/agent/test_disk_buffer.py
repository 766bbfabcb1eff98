"""The buffer gives back what it was given, in order, whatever ends the process and whatever is damaged."""

import errno
import os

import pytest

from agent.disk_buffer import BufferInUse, DiskBuffer

AMPLE_BYTES = 1 << 20


@pytest.fixture
def opened(tmp_path):
    """`opened()` opens the folder anew, as after a kill -9: nothing is closed in order."""
    buffers = []

    def open_again(max_bytes=AMPLE_BYTES, segment_bytes=80):
        if buffers:
            buffers[-1].close()
        buffers.append(DiskBuffer(tmp_path, max_bytes=max_bytes, segment_bytes=segment_bytes))
        return buffers[-1]

    yield open_again
    buffers[-1].close()


def fill(buffer, *numbers):
    for number in numbers:
        buffer.append(b"body %03d" % number, samples=number)


def drain(buffer, count=1000):
    numbers = []
    while len(numbers) < count and (body := buffer.oldest()):
        numbers.append(int(body.body.split()[1]))
        buffer.remove(body)
    return numbers


def segments(folder):
    return sorted(path for path in folder.iterdir() if path.suffix == ".segment")


def test_bodies_come_out_in_order_over_segments_and_starts(opened, tmp_path):
    fill(opened(), *range(20))
    assert len(segments(tmp_path)) > 3
    assert drain(opened(), 7) == [*range(7)]
    buffer = opened()
    fill(buffer, 20)
    assert drain(buffer) == [*range(7, 21)]
    assert (buffer.oldest(), buffer.waiting_bytes, len(segments(tmp_path))) == (None, 0, 1)
    fill(buffer, 21)
    assert drain(buffer) == [21]
    assert drain(opened()) == []


def test_what_was_not_removed_comes_again(opened):
    fill(opened(), 1, 2)
    first = opened().oldest()
    assert opened().oldest() == first


@pytest.mark.parametrize("written_bytes", range(1, 24))
def test_a_body_that_a_crash_cut_is_removed_and_told(opened, tmp_path, written_bytes):
    """A body takes 24 bytes: 16 of its head, and 8 of its text."""
    fill(opened(segment_bytes=1000), 1, 2, 3)
    [path] = segments(tmp_path)
    whole = path.stat().st_size
    os.truncate(path, whole // 3 * 2 + written_bytes)
    buffer = opened(segment_bytes=1000)
    assert buffer.losses.damaged_bytes == written_bytes
    fill(buffer, 4)
    assert drain(opened(segment_bytes=1000)) == [1, 2, 4]


def test_bodies_after_a_cut_come_although_the_place_was_behind_it(opened, tmp_path):
    buffer = opened(segment_bytes=1000)
    fill(buffer, 1, 2, 3)
    assert drain(buffer) == [1, 2, 3]
    [path] = segments(tmp_path)
    os.truncate(path, path.stat().st_size // 3 + 5)
    buffer = opened(segment_bytes=1000)
    fill(buffer, 4)
    assert drain(buffer) == [4]


def test_a_segment_that_was_deleted_costs_no_other(opened, tmp_path):
    fill(opened(), *range(1, 13))
    segments(tmp_path)[1].unlink()
    assert drain(opened()) == [*range(1, 5), *range(9, 13)]


def test_damage_within_costs_the_rest_of_its_segment(opened, tmp_path):
    fill(opened(), *range(9))
    path = segments(tmp_path)[1]
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)
    buffer = opened()
    lost = {*range(9)} - {*drain(buffer)}
    assert len(lost) == 1
    assert buffer.losses.damaged_bytes == len(content) // 4


@pytest.mark.parametrize("place", [b"", b"{", b'{"segment": 99, "offset": 5}', b'{"segment": 1}', b"[]"])
def test_a_damaged_place_begins_at_the_oldest(opened, tmp_path, place):
    fill(opened(), *range(9))
    (tmp_path / "place.json").write_bytes(place)
    assert drain(opened()) == [*range(9)]


def test_the_oldest_goes_when_there_is_no_space(opened, tmp_path):
    buffer = opened(max_bytes=400)
    fill(buffer, *range(40))
    numbers = drain(buffer)
    assert sum(path.stat().st_size for path in segments(tmp_path)) <= 400
    assert numbers == [*range(numbers[0], 40)]
    assert numbers[0] > 20
    assert buffer.losses.samples_without_space == sum(range(numbers[0]))


def test_only_what_was_not_delivered_counts_as_lost(opened):
    buffer = opened(max_bytes=400)
    fill(buffer, *range(6))
    assert drain(buffer) == [*range(6)]
    fill(buffer, *range(6, 12))
    assert buffer.losses.samples_without_space == 0


def test_a_full_disk_leaves_the_buffer_as_it_was(opened, monkeypatch):
    buffer = opened()
    fill(buffer, 1)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            fill(buffer, 2)
    fill(buffer, 3)
    assert drain(opened()) == [1, 3]


def test_segments_go_although_the_place_cannot_be_written(opened, tmp_path):
    (tmp_path / "place.new").mkdir()
    buffer = opened()
    fill(buffer, *range(1, 21))
    assert len(segments(tmp_path)) > 2
    assert drain(buffer) == [*range(1, 21)]
    assert len(segments(tmp_path)) == 1


def test_two_agents_do_not_share_a_folder(opened, tmp_path):
    opened()
    with pytest.raises(BufferInUse, match=str(tmp_path)):
        DiskBuffer(tmp_path, max_bytes=AMPLE_BYTES)
