"""Find the licence of each part, and judge it by the policy (`data/licences.toml`)."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from license_expression import Licensing, get_spdx_licensing
from pydantic import BaseModel, ConfigDict, ValidationError

from release.parts import ShippedPackage

POLICY = Path(__file__).parent / "data" / "licences.toml"


class PolicyError(Exception):
    """The policy's file is wrong; the message names file and field."""


class StatedLicence(BaseModel):
    """A licence that a package's metadata do not name, and the file that does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str
    source: str


class Policy(BaseModel):
    """`allowed` are identifiers of SPDX, `stated` has the packages whose metadata name no licence by one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed: frozenset[str]
    stated: dict[str, StatedLicence] = {}


@dataclass(frozen=True)
class LicensedPackage:
    """`licence` is an expression of SPDX, "" where none is stated. `refusal` is empty where the policy allows it."""

    part: ShippedPackage
    licence: str
    refusal: str = ""


def read_policy(path: Path = POLICY) -> Policy:
    try:
        policy = Policy.model_validate(tomllib.loads(path.read_text()))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise PolicyError(f"{path}: {faults}") from error
    for identifier in sorted(policy.allowed):
        if not is_spdx(identifier):
            raise PolicyError(f"{path}: allowed: {identifier} is no identifier of SPDX.")
    return policy


def judge(parts: list[ShippedPackage], policy: Policy) -> list[LicensedPackage]:
    """Find the licence of each part, and judge it together with the programs inside the part."""
    return [judge_part(part, policy) for part in parts]


def judge_part(part: ShippedPackage, policy: Policy) -> LicensedPackage:
    entry = policy.stated.get(part.name)
    licence = entry.licence if entry else next(filter(is_spdx, part.stated_licences), "")
    licence = str(_licensing().parse(licence)) if licence else ""
    if not licence:
        words = ", ".join(text.partition("\n")[0][:60] for text in part.stated_licences if text)
        return LicensedPackage(
            part, "", f"states no licence by an identifier of SPDX ({words or 'its metadata name none'})"
        )
    if not is_allowed(licence, policy.allowed):
        return LicensedPackage(part, licence, f"has the licence {licence}, which the policy does not allow")
    for program in part.programs:
        if not is_allowed(program.licence, policy.allowed):
            return LicensedPackage(
                part,
                licence,
                f"carries {program.name} under {program.licence}, which the policy does not allow",
            )
    return LicensedPackage(part, licence)


def list_refusals(parts: list[LicensedPackage], policy: Policy) -> list[str]:
    """Write a sentence for each part that the policy refuses, and for each entry of the policy that nothing needs."""
    refusals = [f"{each.part.name} {each.part.version} {each.refusal}." for each in parts if each.refusal]
    unused = policy.stated.keys() - {each.part.name for each in parts}
    return refusals + [f"{name} is in {POLICY.name} and ships no longer." for name in sorted(unused)]


@cache
def _licensing() -> Licensing:
    return get_spdx_licensing()


def is_spdx(expression: str) -> bool:
    # Whole texts of licences stand in this place too, and the parser stumbles over their commas.
    is_expression = re.fullmatch(r"[\w.+() -]+", expression) is not None
    return is_expression and not _licensing().validate(expression).errors


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Whether the policy allows an expression: one licence of those joined by OR, and all of those joined by AND."""
    tree = _licensing().parse(expression)
    if not tree.args:
        return str(tree) in allowed
    verdicts = [is_allowed(str(argument), allowed) for argument in tree.args]
    return any(verdicts) if tree.operator.strip() == "OR" else all(verdicts)


def write_report(parts: list[LicensedPackage]) -> str:
    """Write as plain text how many parts have each licence, and which."""
    by_licence: dict[str, list[str]] = {}
    for each in parts:
        by_licence.setdefault(each.licence, []).append(f"{each.part.name} {each.part.version}")
        for program in each.part.programs:
            text = f"{program.name} {program.version} (in {each.part.name})"
            by_licence.setdefault(program.licence, []).append(text)
    lines = ["Licences of what Muster ships", ""]
    for licence, names in sorted(by_licence.items()):
        lines += [f"{licence} ({len(names)})", *(f"    {name}" for name in sorted(names)), ""]
    return "\n".join(lines)
