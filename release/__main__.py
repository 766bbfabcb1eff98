"""`python -m release sbom|licences|audit`: `make sbom`, `make check-licences` and `make audit`."""

import argparse
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from release import audits, licences
from release.audits import Findings
from release.parts import ROOT, PartsError, list_parts

SBOM, LICENCES = "muster.cdx.json", "licences.txt"
EXPECTED = (PartsError, audits.AuditError, licences.PolicyError)
LISTS = ("base", "data", "dev")
PATIENCE_S = 600


def write_files(folder: Path, *, now: datetime) -> int:
    """Write the list of parts and the report of licences."""
    from release import sbom  # the checks of licences go without its library

    policy = licences.read_policy()
    parts = licences.judge(list_parts(), policy)
    if report_refusals(licences.list_refusals(parts, policy)):
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SBOM).write_text(sbom.write_sbom(parts, now=now))
    (folder / LICENCES).write_text(licences.write_report(parts))
    print(f"Wrote {folder / SBOM} and {folder / LICENCES}: {len(parts)} packages.")
    return 0


def check_licences() -> int:
    policy = licences.read_policy()
    parts = licences.judge(list_parts(), policy)
    if report_refusals(licences.list_refusals(parts, policy)):
        return 1
    print(f"The policy allows the licences of all {len(parts)} packages that ship.")
    return 0


def report_refusals(sentences: list[str]) -> bool:
    for sentence in sentences:
        print(sentence)
    if sentences:
        print(f"The policy is {licences.POLICY.relative_to(ROOT)}.")
    return bool(sentences)


def audit(*, today: date) -> int:
    acceptances = audits.read_accepted()
    conclusion = audits.conclude([run_pip_audit(), run_npm_audit()], acceptances, today=today)
    print("\n".join(conclusion.sentences))
    return int(conclusion.fails)


def run_pip_audit() -> Findings:
    argv = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner=off"]
    argv += ["--format=json", "--aliases=on", "--desc=off"]
    for name in LISTS:
        argv += ["--requirement", str(ROOT / "requirements" / f"{name}.txt")]
    return audits.read_pip_audit(*output_of(argv))


def run_npm_audit() -> Findings:
    npm = Path(sys.executable).parent / "npm"
    return audits.read_npm_audit(*output_of([str(npm), "audit", "--json"]))


def output_of(argv: list[str]) -> tuple[str, str]:
    """Return what a tool wrote, and what it wrote as errors. Both tools end with 1 when they find something."""
    try:
        process = subprocess.run(
            argv, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {PATIENCE_S} s"
    except OSError as error:
        return "", str(error)
    return process.stdout, process.stderr


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("sbom", help="write the list of what ships, and its licences")
    writing.add_argument("folder", type=Path)
    commands.add_parser("licences", help="check the licences of what ships against the policy")
    commands.add_parser("audit", help="look the pinned packages up in the published advisories")
    arguments = parser.parse_args()
    now = datetime.now(UTC)
    try:
        match arguments.command:
            case "sbom":
                return write_files(arguments.folder, now=now)
            case "licences":
                return check_licences()
            case _:
                return audit(today=now.date())
    except EXPECTED as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
