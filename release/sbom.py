"""Write the list of what ships as CycloneDX 1.6: each part with version, package URL, licence and digests."""

import tomllib
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release.licences import LicensedPackage
from release.parts import ROOT, PartsError


def write_sbom(parts: list[LicensedPackage], *, now: datetime, root: Path = ROOT) -> str:
    """Return JSON, validated by the published schema. Raises PartsError if the schema refuses it."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    licences = LicenseFactory()
    muster = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=f"{project['name']}@{project['version']}",
        description=project["description"],
        licenses=[licences.make_from_string(project["license"])],
    )
    components = [_component(each, licences) for each in parts]
    bom = Bom(components=components)
    bom.metadata.component = muster
    bom.metadata.timestamp = now
    bom.register_dependency(muster, components)
    names = "\n".join([muster.bom_ref.value or "", *(each.part.purl for each in parts), now.isoformat()])
    bom.serial_number = uuid5(NAMESPACE_URL, names)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise PartsError(f"The published schema refuses the list: {error}")
    return text + "\n"


def _component(each: LicensedPackage, licences: LicenseFactory) -> Component:
    part = each.part
    programs = [
        Component(
            name=program.name,
            version=program.version,
            type=ComponentType.APPLICATION,
            bom_ref=f"{part.purl}#{program.name}",
            licenses=[licences.make_from_string(program.licence)],
        )
        for program in part.programs
    ]
    return Component(
        name=part.name,
        version=part.version,
        bom_ref=part.purl,
        purl=PackageURL.from_string(part.purl),
        licenses=[licences.make_from_string(each.licence)] if each.licence else [],
        hashes=[HashType(alg=HashAlgorithm(name), content=digest) for name, digest in part.digests],
        properties=[Property(name="muster:part-of", value=use) for use in part.uses],
        components=programs,
    )
