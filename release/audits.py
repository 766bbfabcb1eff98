"""Read which vulnerabilities pip-audit and npm report of the pinned packages, and set the accepted ones apart.

A package whose advisories could not be had does not count as looked up: pip-audit skips it and still succeeds, npm
answers with an error. pip-audit ignores an advisory only for ever, and npm cannot ignore one, so `accepted.toml` serves
both.
"""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

ACCEPTED = Path(__file__).parent / "data" / "accepted.toml"


class AuditError(Exception):
    """An answer or a file cannot be read; the message says which."""


class AcceptedVulnerability(BaseModel):
    """A vulnerability that Muster lives with until a day, for a reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    package: str
    reason: str
    until: date


class _Acceptances(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    accepted: list[AcceptedVulnerability]


@dataclass(frozen=True)
class Vulnerability:
    """`ids` has the advisory's own id first, then its aliases."""

    package: str
    version: str
    ids: tuple[str, ...]
    summary: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.ids[0]}, {self.summary}"


@dataclass(frozen=True)
class Findings:
    """The result of one tool. `audited` counts what it looked up; `unknown` says why it looked up no others."""

    tool: str
    audited: int
    vulnerabilities: tuple[Vulnerability, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class Conclusion:
    """The sentences to print, and whether the check fails."""

    sentences: tuple[str, ...]
    fails: bool


def read_accepted(path: Path = ACCEPTED) -> list[AcceptedVulnerability]:
    try:
        return _Acceptances.model_validate(tomllib.loads(path.read_text())).accepted
    except tomllib.TOMLDecodeError as error:
        raise AuditError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise AuditError(f"{path}: {faults}") from error


def read_pip_audit(text: str, complaint: str = "") -> Findings:
    """Read pip-audit's JSON. `complaint` is what it wrote as errors."""
    return _read_answer("pip-audit", text, complaint, "dependencies", _pip_findings)


def read_npm_audit(text: str, complaint: str = "") -> Findings:
    """Read the output of `npm audit --json`. `complaint` is what it wrote as errors."""
    return _read_answer("npm", text, complaint, "vulnerabilities", _npm_findings)


def _read_answer(
    tool: str, text: str, complaint: str, key: str, make_findings: Callable[[dict[str, Any]], Findings]
) -> Findings:
    """Where the answer lacks `key`, its message says why, or else the last line of the complaint does."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {}
    if key not in document:
        reason = _shorten(str(document.get("message", ""))) or _last_line(complaint)
        return Findings(tool, 0, unknown=reason or f"{tool} gave no answer")
    try:
        return make_findings(document)
    except (AttributeError, KeyError, TypeError):
        return Findings(tool, 0, unknown="the answer has a shape that Muster does not know")


def _pip_findings(document: dict[str, Any]) -> Findings:
    packages = document["dependencies"]
    skipped_packages = [package for package in packages if "skip_reason" in package]
    vulnerabilities = tuple(
        Vulnerability(
            package["name"],
            package["version"],
            (advisory["id"], *advisory.get("aliases", ())),
            _fix(", ".join(advisory.get("fix_versions", ()))),
        )
        for package in packages
        for advisory in package.get("vulns", ())
    )
    unknown = (
        f"{len(skipped_packages)} of {len(packages)} packages, {skipped_packages[0]['skip_reason']}"
        if skipped_packages
        else ""
    )
    return Findings("pip-audit", len(packages) - len(skipped_packages), vulnerabilities, unknown)


def _npm_findings(document: dict[str, Any]) -> Findings:
    """Advisories stand as objects in `via`; names there are packages that have one themselves."""
    vulnerabilities = tuple(
        Vulnerability(
            package["name"],
            advisory["range"],
            (advisory["url"].rpartition("/")[2], str(advisory["source"])),
            f"{advisory['title']} ({advisory['severity']})",
        )
        for package in document["vulnerabilities"].values()
        for advisory in package["via"]
        if isinstance(advisory, dict)
    )
    return Findings("npm", document["metadata"]["dependencies"]["total"], vulnerabilities)


def conclude(reports: list[Findings], acceptances: list[AcceptedVulnerability], *, today: date) -> Conclusion:
    """A vulnerability fails the check, unless an acceptance covers it that has not ended."""
    sentences, fails = [], False
    for findings in reports:
        if findings.unknown:
            sentences.append(f"{findings.tool}: advisories could not be had: {findings.unknown}")
        new_sentences, tolerated_sentences = [], []
        for vulnerability in findings.vulnerabilities:
            entry = next((each for each in acceptances if _covers(each, vulnerability)), None)
            if entry is None:
                new_sentences.append(f"{vulnerability}.")
            elif entry.until < today:
                new_sentences.append(f"{vulnerability}. It was accepted until {entry.until}: {entry.reason}")
            else:
                tolerated_sentences.append(f"{vulnerability}. Accepted until {entry.until}: {entry.reason}")
        if findings.audited:
            sentences.append(
                f"{findings.tool}: {findings.audited} packages looked up. New vulnerabilities:"
                f" {len(new_sentences) or 'none'}, accepted: {len(tolerated_sentences) or 'none'}."
            )
        sentences += [*new_sentences, *tolerated_sentences]
        fails = fails or bool(new_sentences)
    return Conclusion(tuple(sentences), fails)


def _covers(entry: AcceptedVulnerability, vulnerability: Vulnerability) -> bool:
    return entry.package == vulnerability.package and entry.id in vulnerability.ids


def _fix(versions: str) -> str:
    return f"mended in {versions}" if versions else "no mended version"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return _shorten(lines[-1]) if lines else ""


def _shorten(text: str) -> str:
    """One line without the address of a service."""
    return text.partition(" - ")[0].strip()[:200]
