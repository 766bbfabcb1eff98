"""A password on the list of breached ones is refused, and a wrong list is refused at start."""

import subprocess
import sys
from hashlib import sha1
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError

from accounts import breached
from config import env
from tests.conftest import PASSWORD

STOLEN = [f"stolen-password-{number}" for number in range(200)]


def digest_of(password):
    return sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def lines_of(passwords, write="{}:7\r\n"):
    return "".join(write.format(digest) for digest in sorted(map(digest_of, passwords)))


@pytest.fixture
def stolen(tmp_path):
    path = tmp_path / "stolen.txt"
    path.write_text(lines_of(STOLEN), newline="")
    return path


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lines_of(STOLEN), id="counts, line ends of Windows"),
        pytest.param(lines_of(STOLEN, "{}\n"), id="digests alone"),
        pytest.param(lines_of(STOLEN).lower(), id="small letters"),
        pytest.param(lines_of(STOLEN).rstrip(), id="no line end at the end"),
    ],
)
def test_each_password_of_the_list_is_found_and_no_other(tmp_path, text):
    path = tmp_path / "list.txt"
    path.write_text(text, newline="")
    breached.refuse_other_files(path)
    assert [each for each in STOLEN if not breached.is_breached(each, path)] == []
    assert [each for each in STOLEN if breached.is_breached(f"{each}!", path)] == []


def test_a_list_of_one_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(digest_of("one"))
    breached.refuse_other_files(path)
    assert [breached.is_breached(each, path) for each in ("one", "two", "three")] == [True, False, False]


def test_a_search_reads_few_lines(tmp_path, monkeypatch):
    path, positions = tmp_path / "list.txt", []
    path.write_text("".join(f"{number:040X}:1\r\n" for number in range(0, 16**5, 7)))
    line = breached._line
    monkeypatch.setattr(breached, "_line", lambda file, at: positions.append(at) or line(file, at))
    breached.is_breached("one", path)
    assert len(positions) < 30


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "the file is empty", id="empty"),
        pytest.param("a-password\n", "is not a SHA-1 digest", id="plain passwords"),
        pytest.param("0" * 32 + ":3\n", "is not a SHA-1 digest", id="NTLM digests"),
        pytest.param(lines_of(STOLEN) + "end\n", "is not a SHA-1 digest", id="a last line that is none"),
        pytest.param("".join(f"{digest_of(each)}:1\n" for each in STOLEN), "not sorted", id="another order"),
    ],
)
def test_a_wrong_list_is_refused_by_name(tmp_path, monkeypatch, text, reason):
    path = tmp_path / "list.txt"
    path.write_text(text)
    monkeypatch.setenv("MUSTER_BREACHED_PASSWORDS", str(path))
    with pytest.raises(ImproperlyConfigured, match=rf"MUSTER_BREACHED_PASSWORDS=.*{reason}"):
        env.file("MUSTER_BREACHED_PASSWORDS", breached.refuse_other_files, "a list")


def test_muster_does_not_start_with_a_list_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSTER_BREACHED_PASSWORDS", str(tmp_path / "missing.txt"))
    root = Path(__file__).parents[2]
    argv = [sys.executable, "manage.py", "check"]
    ended = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode != 0
    assert "missing.txt' cannot be read (No such file or directory)" in ended.stderr


def test_a_stolen_password_is_refused_where_a_list_is_set(settings, stolen):
    validate_password(STOLEN[3])
    settings.BREACHED_PASSWORDS = str(stolen)
    validate_password(PASSWORD)
    with pytest.raises(ValidationError, match="on a list of passwords that were stolen elsewhere"):
        validate_password(STOLEN[3])


def test_no_password_is_set_while_the_list_cannot_be_read(settings, stolen, caplog):
    settings.BREACHED_PASSWORDS = str(stolen)
    stolen.unlink()
    with pytest.raises(ValidationError, match="cannot read its list of breached passwords"):
        validate_password(PASSWORD)
    assert "The list of breached passwords cannot be read" in caplog.text
