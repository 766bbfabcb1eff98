"""Known vulnerabilities of the pinned packages, as pip-audit and npm report them, less the accepted ones.

Neither tool passes for having looked where it could not: pip-audit skips each package whose advisories it cannot have
and ends well, and npm's answer is then an error.
"""

import json
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

ACCEPTED = Path(__file__).parent / "data" / "accepted.toml"


class AuditError(Exception):
    """An answer or a file cannot be read; the message says which."""


class AcceptedVulnerability(BaseModel):
    """One that Muster lives with until a day, and why."""

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
    """Read pip-audit's JSON. Where there is none, the last line of its errors says why."""
    document = _parse(text)
    if not isinstance(document, dict) or "dependencies" not in document:
        return Findings("pip-audit", 0, unknown=_last_line(complaint) or "pip-audit gave no answer")
    try:
        return _pip_findings(document["dependencies"])
    except (AttributeError, KeyError, TypeError):
        return Findings("pip-audit", 0, unknown="the answer has a shape that Muster does not know")


def _pip_findings(packages: list[dict[str, Any]]) -> Findings:
    skipped_packages = [package for package in packages if "skip_reason" in package]
    vulnerabilities = tuple(
        Vulnerability(
            package["name"],
            package["version"],
            (found["id"], *found.get("aliases", ())),
            _fix(", ".join(found.get("fix_versions", ()))),
        )
        for package in packages
        for found in package.get("vulns", ())
    )
    unknown = (
        f"{len(skipped_packages)} of {len(packages)} packages, {skipped_packages[0]['skip_reason']}"
        if skipped_packages
        else ""
    )
    return Findings("pip-audit", len(packages) - len(skipped_packages), vulnerabilities, unknown)


def read_npm_audit(text: str, complaint: str = "") -> Findings:
    """Read the output of `npm audit --json`."""
    document = _parse(text)
    if not isinstance(document, dict) or "vulnerabilities" not in document:
        message = str(document.get("message", "")) if isinstance(document, dict) else ""
        return Findings("npm", 0, unknown=_shorten(message) or _last_line(complaint) or "npm gave no answer")
    try:
        return _npm_findings(document)
    except (AttributeError, KeyError, TypeError):
        return Findings("npm", 0, unknown="the answer has a shape that Muster does not know")


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


def conclude(reports: list[Findings], accepted: list[AcceptedVulnerability], *, today: date) -> Conclusion:
    """A vulnerability fails, unless it is accepted until today or later; so does an acceptance that has ended."""
    sentences, fails = [], False
    for findings in reports:
        if findings.unknown:
            sentences.append(f"{findings.tool}: advisories could not be had: {findings.unknown}")
        new_findings, tolerated_findings = [], []
        for found in findings.vulnerabilities:
            entry = next((each for each in accepted if _covers(each, found)), None)
            if entry is None:
                new_findings.append(f"{found}.")
            elif entry.until < today:
                new_findings.append(f"{found}. It was accepted until {entry.until}: {entry.reason}")
            else:
                tolerated_findings.append(f"{found}. Accepted until {entry.until}: {entry.reason}")
        if findings.audited:
            sentences.append(
                f"{findings.tool}: {findings.audited} packages looked up. New vulnerabilities:"
                f" {len(new_findings) or 'none'}, accepted: {len(tolerated_findings) or 'none'}."
            )
        sentences += [*new_findings, *tolerated_findings]
        fails = fails or bool(new_findings)
    return Conclusion(tuple(sentences), fails)


def _covers(entry: AcceptedVulnerability, found: Vulnerability) -> bool:
    return entry.package == found.package and entry.id in found.ids


def _fix(versions: str) -> str:
    return f"mended in {versions}" if versions else "no mended version"


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return _shorten(lines[-1]) if lines else ""


def _shorten(text: str) -> str:
    """One line without the address of a service."""
    return text.partition(" - ")[0].strip()[:200]
