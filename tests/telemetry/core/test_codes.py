"""What XIDs mean: every code that counts against health has a meaning, and a code that nobody knows says so."""

import pytest

from telemetry.core.codes import Severity, code_of, code_table, read_codes
from telemetry.core.reading import RegistryError
from telemetry.core.registry import registry

XID = registry().get("DCGM_FI_DEV_XID_ERRORS", None)
CRITICAL = sorted({int(value) for rule in XID.health for value in rule.critical})


@pytest.mark.parametrize("number", CRITICAL)
def test_every_code_that_makes_health_critical_is_known(number):
    code = code_of(XID, float(number))
    assert code.severity is not Severity.UNKNOWN
    assert code.meaning
    assert code.action
    assert code.source_url.startswith("https://docs.nvidia.com/deploy/xid-errors/")


def test_every_listed_code_says_what_to_do_and_who_says_so():
    codes = code_table("xid").codes
    assert len(codes) > 90
    for number, code in codes.items():
        assert code.number == number
        assert all((code.meaning, code.action, code.source))
        assert code.severity in (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


@pytest.mark.parametrize(
    ("value", "severity", "words"),
    [
        (
            79,
            "critical",
            "XID 79: GPU has fallen off the bus, the driver cannot reach it over PCIe."
            " Do: reboot the node; check its PCIe link and power. Then: contact the hardware vendor.",
        ),
        (43, "info", "XID 43: A fault of the application ended it, the GPU stays healthy."
                     " Do: nothing now. Then: contact the hardware vendor."),
        (31, "warning", "XID 31: GPU memory page fault, as a rule an illegal address of the application."
                        " Do: restart the application. Then: check the application (compute-sanitizer or cuda-gdb)."),
        (145, "warning", "XID 145: NVLink error (fifth generation). Do: look up the subcode of the kernel's message."
                         " Then: check the link and its other end, then reset the GPU or reboot the node."),
        (9_999, "unknown", "XID 9999: a code that Muster does not know."),
    ],
)  # fmt: skip
def test_a_code_in_words(value, severity, words):
    code = code_of(XID, float(value))
    assert (code.severity, code.words) == (severity, words)


@pytest.mark.parametrize("value", [0.0, -1.0, -79.0, 3.5, float("nan"), float("inf"), None])
def test_what_is_no_code_means_nothing(value):
    assert code_of(XID, value) is None


def test_a_metric_that_holds_no_codes_means_nothing():
    assert code_of(registry().get("DCGM_FI_DEV_GPU_TEMP", None), 79.0) is None
    assert code_of(None, 79.0) is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{meaning: a, action: NOWHERE}", "codes.1: 'NOWHERE' is no action"),
        ("{meaning: a, action: GO, source: nobody}", "codes.1: 'nobody' is no source"),
        ("{meaning: a, action: GO, colour: red}", "codes.1: has unknown keys: colour"),
        ("words", "codes.1: is not a number with what it means"),
    ],
)
def test_a_table_that_cannot_be_used_names_its_field(tmp_path, given, problem):
    path = tmp_path / "xid.yaml"
    path.write_text(
        "sources: {nvidia: {title: NVIDIA, url: 'https://example.com'}}\n"
        "actions: {GO: {severity: info, text: Go}}\n"
        f"codes:\n  1: {given}\n"
    )
    with pytest.raises(RegistryError, match=r"xid\.yaml: ") as error:
        read_codes(path)
    assert problem in str(error.value)
