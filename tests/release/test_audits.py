"""Muster reads the answers of pip-audit and npm: an audit that could not look does not pass for a clean one."""

import json
from datetime import date

import pytest

from release import audits
from release.audits import AcceptedVulnerability, AuditError, Findings

TODAY = date(2026, 12, 1)
VULNERABLE = {
    "dependencies": [
        {"name": "amqp", "version": "5.4.2", "vulns": []},
        {
            "name": "jinja2",
            "version": "2.4.1",
            "vulns": [
                {
                    "id": "PYSEC-2019-217",
                    "fix_versions": ["2.10.1"],
                    "aliases": ["CVE-2019-10906", "GHSA-462w-v97r-4m45"],
                }
            ],
        },
    ],
    "fixes": [],
}
NPM_VULNERABLE = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "minimist": {
            "name": "minimist",
            "severity": "critical",
            "via": [
                {
                    "source": 1097677,
                    "name": "minimist",
                    "title": "Prototype Pollution in minimist",
                    "url": "https://github.com/advisories/GHSA-xvch-5gv4-984h",
                    "severity": "critical",
                    "range": "<0.2.4",
                }
            ],
        },
        "mkdirp": {"name": "mkdirp", "severity": "critical", "via": ["minimist"]},
    },
    "metadata": {"vulnerabilities": {"critical": 2, "total": 2}, "dependencies": {"dev": 288, "total": 288}},
}


def accept(until: date, identifier: str = "CVE-2019-10906", package: str = "jinja2") -> AcceptedVulnerability:
    return AcceptedVulnerability(
        id=identifier, package=package, reason="Nobody renders with it.", until=until
    )


def test_pip_audit_finds():
    findings = audits.read_pip_audit(json.dumps(VULNERABLE))
    assert [str(vulnerability) for vulnerability in findings.vulnerabilities] == [
        "jinja2 2.4.1: PYSEC-2019-217, mended in 2.10.1"
    ]
    conclusion = audits.conclude([findings], [], today=TODAY)
    assert conclusion.fails
    assert (
        conclusion.sentences[0] == "pip-audit: 2 packages looked up. New vulnerabilities: 1, accepted: none."
    )


def test_npm_finds_and_names_each_advisory_once():
    findings = audits.read_npm_audit(json.dumps(NPM_VULNERABLE))
    assert [str(vulnerability) for vulnerability in findings.vulnerabilities] == [
        "minimist <0.2.4: GHSA-xvch-5gv4-984h, Prototype Pollution in minimist (critical)"
    ]
    assert findings.audited == 288


def test_what_pip_audit_skipped_was_not_looked_at():
    skipped_package = {
        "name": "kombu",
        "skip_reason": "Dependency not found and could not be audited: kombu (5.7.0)",
    }
    document = {"dependencies": [VULNERABLE["dependencies"][0], skipped_package], "fixes": []}
    findings = audits.read_pip_audit(json.dumps(document))
    assert findings.audited == 1
    assert audits.conclude([findings], [], today=TODAY).sentences == (
        "pip-audit: advisories could not be had: 1 of 2 packages, Dependency not found and could not be audited:"
        " kombu (5.7.0)",
        "pip-audit: 1 packages looked up. New vulnerabilities: none, accepted: none.",
    )


def test_an_audit_that_looked_at_nothing_does_not_say_that_nothing_is_known():
    answer = {
        "message": "405 Method Not Allowed - POST https://registry.example/bulk",
        "error": {"summary": ""},
    }
    conclusion = audits.conclude([audits.read_npm_audit(json.dumps(answer))], [], today=TODAY)
    assert conclusion == audits.Conclusion(
        ("npm: advisories could not be had: 405 Method Not Allowed",), fails=False
    )


@pytest.mark.parametrize("read_audit", [audits.read_pip_audit, audits.read_npm_audit])
@pytest.mark.parametrize(
    ("text", "complaint", "unknown"),
    [
        ("", "WARNING\nERROR: no route to host\n", "ERROR: no route to host"),
        ("<html>", "", "gave no answer"),
        ("[]", "", "gave no answer"),
        ('{"dependencies": [7], "vulnerabilities": {"a": {}}}', "", "a shape that Muster does not know"),
    ],
)
def test_an_answer_that_cannot_be_read_is_no_answer(read_audit, text, complaint, unknown):
    findings = read_audit(text, complaint)
    assert findings.unknown.endswith(unknown)
    assert findings.audited == 0


@pytest.mark.parametrize(
    ("until", "fails"),
    [(date(2026, 12, 1), False), (date(2026, 11, 30), True)],
    ids=["last day", "day after"],
)
def test_an_acceptance_ends_after_its_last_day(until, fails):
    findings = audits.read_pip_audit(json.dumps(VULNERABLE))
    conclusion = audits.conclude([findings], [accept(until)], today=TODAY)
    assert conclusion.fails is fails
    assert f"ccepted until {until}: Nobody renders with it." in conclusion.sentences[1]


def test_an_acceptance_is_for_one_package():
    findings = audits.read_pip_audit(json.dumps(VULNERABLE))
    assert audits.conclude([findings], [accept(TODAY, package="markupsafe")], today=TODAY).fails


def test_clean_audits_pass():
    reports = [Findings("pip-audit", 200), Findings("npm", 288)]
    assert audits.conclude(reports, [], today=TODAY) == audits.Conclusion(
        (
            "pip-audit: 200 packages looked up. New vulnerabilities: none, accepted: none.",
            "npm: 288 packages looked up. New vulnerabilities: none, accepted: none.",
        ),
        fails=False,
    )


def test_the_file_of_acceptances_is_read():
    assert all(entry.reason for entry in audits.read_accepted())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[accepted]]\nid = "A"\npackage = "b"\nuntil = 2027-01-31', "accepted.0.reason: Field required"),
        ('[[accepted]]\nid = "A"\npackage = "b"\nreason = "c"\nuntil = "soon"', "accepted.0.until: "),
        ("accepted = [", "at end of document"),
    ],
)
def test_a_wrong_acceptance_is_refused_with_its_field(tmp_path, text, complaint):
    path = tmp_path / "accepted.toml"
    path.write_text(text)
    with pytest.raises(AuditError, match=complaint):
        audits.read_accepted(path)
