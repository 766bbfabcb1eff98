"""Codes of authenticator apps, by the vectors of RFC 4226 and RFC 6238."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts import codes

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        pytest.param(0, "755224", id="RFC 4226, appendix D, 0"),
        pytest.param(1, "287082", id="RFC 4226, appendix D, 1"),
        pytest.param(9, "520489", id="RFC 4226, appendix D, 9"),
    ],
)
def test_codes_of_steps(step, code):
    assert codes.code_of(SECRET, step) == code


@pytest.mark.parametrize(
    ("second", "code"),
    [
        # The RFC has eight digits; an app shows the last six.
        pytest.param(59, "287082", id="RFC 6238, appendix B, 59"),
        pytest.param(1_111_111_109, "081804", id="RFC 6238, appendix B, 2005"),
        pytest.param(20_000_000_000, "353130", id="RFC 6238, appendix B, 2603"),
    ],
)
def test_codes_of_instants(second, code):
    at = datetime.fromtimestamp(second, UTC)
    assert codes.code_of(SECRET, codes.step_of(at)) == code


@pytest.mark.parametrize(
    ("late_s", "matches"),
    [(0, True), (30, True), (-30, True), (60, False), (-60, False)],
)
def test_a_code_is_taken_one_step_early_or_late(late_s, matches):
    at = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    code = codes.code_of(SECRET, codes.step_of(at))
    assert (codes.matching_step(SECRET, code, at + timedelta(seconds=late_s)) is not None) is matches


@pytest.mark.parametrize("code", ["", "1", "١٢٣٤٥٦", "\ud800", "1" * 5000])
def test_what_is_no_code_matches_nothing(code):
    assert codes.matching_step(SECRET, code, datetime(2026, 11, 24, tzinfo=UTC)) is None


def test_an_app_reads_secret_and_names_from_the_address():
    address = codes.app_address(SECRET, account="ola@example.org", issuer="Muster")
    assert address == (
        "otpauth://totp/Muster%3Aola%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Muster"
    )
