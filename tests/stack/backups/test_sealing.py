"""A sealed file opens with its passphrase alone, and only as it was written."""

import io

import pytest

from stack.backups import sealing
from stack.backups.sealing import BackupKey, BackupRefused, SealedWriter, make_key, read_frames

PASSPHRASE = "correct horse battery"
# The least that Argon2 takes: the strength of the derivation is not what is tested.
FAST = {"operations": 1, "memory_bytes": 8192}
ABOUT, END = {"label": "first"}, {"made_at": "2026-12-01T14:30:00+00:00"}


@pytest.fixture(scope="module")
def key() -> BackupKey:
    return make_key(PASSPHRASE, **FAST)


def sealed(key: BackupKey, data: bytes = b"rows", piece: int = 7) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, key)
    writer.document(ABOUT)
    for start in range(0, len(data), piece):
        writer.data(data[start : start + piece])
    writer.end(END)
    return out.getvalue()


def opened(content: bytes, passphrase: str = PASSPHRASE) -> list[tuple[bytes, bytes]]:
    return list(read_frames(io.BytesIO(content), passphrase))


def refusal(content: bytes, passphrase: str = PASSPHRASE) -> str:
    with pytest.raises(BackupRefused) as refused:
        opened(content, passphrase)
    return str(refused.value)


@pytest.mark.parametrize(
    "length", [0, 1, sealing.FRAME_BYTES - 1, sealing.FRAME_BYTES, sealing.FRAME_BYTES + 1]
)
def test_what_was_written_is_read(key: BackupKey, length: int) -> None:
    data = bytes(number % 251 for number in range(length))
    frames = opened(sealed(key, data, piece=100_000))
    assert b"".join(content for kind, content in frames if kind == sealing.DATA) == data
    assert (frames[0][0], frames[-1][0]) == (sealing.DOCUMENT, sealing.DOCUMENT)


def test_the_passphrase_is_needed(key: BackupKey) -> None:
    assert refusal(sealed(key), "correct horse batterz") == sealing.WRONG_PASSPHRASE


def test_a_file_that_is_cut_anywhere_is_refused(key: BackupKey) -> None:
    content = sealed(key)
    sentences = {refusal(content[:length]) for length in range(len(content))}
    assert sentences == {sealing.NO_BACKUP, sealing.CUT}
    assert refusal(content[:-1]) == sealing.CUT


def test_a_file_of_which_any_byte_differs_is_refused(key: BackupKey) -> None:
    content = sealed(key)
    for place in range(len(content)):
        altered = bytearray(content)
        altered[place] ^= 1
        assert refusal(bytes(altered)), place


def test_what_follows_the_end_is_refused(key: BackupKey) -> None:
    assert refusal(sealed(key) + b"\0") == sealing.ALTERED


def test_frames_of_two_files_are_not_taken_for_one(key: BackupKey) -> None:
    first, second = sealed(key), sealed(key)
    assert refusal(first[:-40] + second[-40:]) == sealing.ALTERED


def test_a_header_cannot_ask_for_all_memory(key: BackupKey) -> None:
    content = sealed(BackupKey(key.public, key.salt, 1, 2 * sealing.MOST_MEMORY_BYTES))
    assert refusal(content) == sealing.NO_BACKUP


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(BackupRefused, match="12 characters"):
        make_key("short", **FAST)


def test_the_key_file_seals_and_does_not_open(key: BackupKey, tmp_path) -> None:
    path = tmp_path / "backup-key"
    assert BackupKey.read(path) is None
    sealing.write_key(key, path)
    assert BackupKey.read(path) == key
    assert path.stat().st_mode & 0o077 == 0
    assert sealing.opens(key, PASSPHRASE)
    assert not sealing.opens(key, "another passphrase")
    path.write_text("{}")
    with pytest.raises(BackupRefused, match="cannot be read"):
        BackupKey.read(path)
