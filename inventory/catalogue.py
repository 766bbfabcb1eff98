"""Products that Muster knows: their names, PCI ids and physical ceilings, from catalogue.yaml. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from web import yaml_documents

CEILINGS = ("interconnect_gbs", "pcie_gbs", "memory_gbs", "peak_tflops")
_FORMS = {
    "sxm": re.compile(r"\bSXM\d?\b"),
    "pcie": re.compile(r"\bPCIE\b|\bPCI E(?:XPRESS)?\b"),
    "nvl": re.compile(r"\bNVL\b"),
    "oam": re.compile(r"\bOAM\b"),
}
_MEMORY = re.compile(r"\b(\d{2,3}) ?G(?:I?B)?\b")
_MEMORY_TYPE = re.compile(r"\b(HBM\d[A-Z]?)\b")
_COUNT = re.compile(r"\b\d{1,3} ?[X×] ?(?=[A-Z])")
# A name of a product in a text that no family knows: `RTX 5090`, `MI400X`, `A16`.
_BRANDED = re.compile(
    r"\b(?:RTX PRO|RTX|GTX|RX|MAX|ARC|TESLA|QUADRO|TPU|TITAN) ([A-Z]{0,2}\d{2,4}[A-Z]{0,2})\b"
)
_TOKEN = re.compile(r"\b[A-Z]{1,4}\d{2,4}[A-Z]{0,2}\b")
# Words with digits that name no product: forms, memories, chips, boards, architectures, racks.
_NO_PRODUCT = re.compile(
    r"(?:SXM|HBM|GDDR|DDR|PCIE|GEN|NVL|NVLINK|OAM|G[ABFHKMPV]|AD|TU|GFX|PG|SKU|CDNA|CUDA|SM|FP|BF|TF|INT|DGX|HGX|UBB|REV|V)\d.*"
)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A figure that no clean run can pass. `interconnect_gbs` counts both ways, `pcie_gbs` one."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Product:
    """One product, or a family of them: then each ceiling is the highest of its products. `link_across` says that the
    link of `interconnect_gbs` goes on to other nodes of a rack."""

    id: str
    name: str
    pci_ids: frozenset[str]
    ceilings: Mapping[str, Ceiling]
    link_across: bool = False


@dataclass(frozen=True, slots=True)
class _Variant:
    product: Product
    form: str
    memory_gb: frozenset[int]
    memory_type: str


@dataclass(frozen=True, slots=True)
class _Family:
    id: str
    product: Product
    pattern: re.Pattern[str]
    variants: tuple[_Variant, ...]
    holds: str
    memory_of_host: bool


@dataclass(frozen=True, slots=True)
class _NamedModel:
    """The parts of a model text; empty or None if it does not state one."""

    family: _Family
    form: str
    memory_gb: int | None
    memory_type: str

    def variants(self) -> tuple[_Variant, ...]:
        return tuple(
            each
            for each in self.family.variants
            if (not self.form or not each.form or self.form == each.form)
            and (self.memory_gb is None or not each.memory_gb or self.memory_gb in each.memory_gb)
            and (not self.memory_type or not each.memory_type or self.memory_type == each.memory_type)
        )


def product_named(text: str) -> Product | None:
    """The most specific product that a model text names; None for an unknown one or for several."""
    reading = _read(_tidy(text))
    if reading is None:
        return None
    variants = reading.variants()
    return variants[0].product if len(variants) == 1 else reading.family.product


def product_with_pci_id(device_id: str) -> Product | None:
    """The product with a PCI device id: `2330`, `0x2330`, `10de:2330`, or vendor and device in one word."""
    lowered = device_id.strip().lower().removeprefix("0x")
    for part in (lowered.rpartition(":")[2], lowered[:4], lowered[4:]):
        product = _BY_PCI_ID.get(part)
        if product is not None and (part == lowered or _VENDOR.search(lowered.replace(part, "", 1))):
            return product
    return None


def contradicts(a: str, b: str) -> bool:
    """Whether two model texts certainly name different products. A less specific text contradicts nothing."""
    first, second = _tidy(a), _tidy(b)
    reading, other = _read(first), _read(second)
    if reading is not None and other is not None:
        return _differ(reading, other)
    names, others = _names(first, reading), _names(second, other)
    return bool(names and others) and not any(
        each.startswith(its) or its.startswith(each) for each in names for its in others
    )


def ceilings_of(model: str, attributes: Mapping[str, object], source: str) -> dict[str, Ceiling]:
    """The ceilings of a device type: its own attributes, with its source, else those of the catalogue."""
    product = product_named(model)
    ceilings = dict(product.ceilings) if product is not None else {}
    for key in CEILINGS:
        value = attributes.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            ceilings[key] = Ceiling(float(value), _UNITS[key], source or "The device type's attributes")
    return ceilings


def _tidy(text: str) -> str:
    """In capitals, with single spaces between words, without a count in front of a name (`8x H100`)."""
    words = " ".join(re.split(r"[^A-Z0-9×]+", text.upper()))
    return _COUNT.sub("", words).strip()


def _read(text: str) -> _NamedModel | None:
    matches = [(family, match) for family in _FAMILIES for match in family.pattern.finditer(text)]
    families = {family.id for family, _ in matches}
    if len(families) != 1:
        return None
    family, match = matches[0]
    rest = f"{text[: match.start()]} | {text[match.end() :]}"
    forms = [form for form, pattern in _FORMS.items() if pattern.search(rest)]
    memory = None if family.memory_of_host else _MEMORY.search(rest)
    memory_type = _MEMORY_TYPE.search(rest)
    return _NamedModel(
        family,
        forms[0] if len(forms) == 1 else "",
        int(memory[1]) if memory else None,
        memory_type[1] if memory_type else "",
    )


def _differ(first: _NamedModel, second: _NamedModel) -> bool:
    if first.family is not second.family:
        return not (_may_mean(first, second) or _may_mean(second, first))
    candidates = first.variants(), second.variants()
    if candidates[0] and candidates[1]:
        return not set(map(_id, candidates[0])) & set(map(_id, candidates[1]))
    # A size or form that the catalogue does not list: only what both say counts.
    return bool(first.form and second.form and first.form != second.form) or (
        None not in (first.memory_gb, second.memory_gb) and first.memory_gb != second.memory_gb
    )


def _may_mean(whole: _NamedModel, part: _NamedModel) -> bool:
    """A bare `B200` may be the one on a GB200; a B200 SXM is not."""
    return whole.family.holds == part.family.id and not part.form


def _id(variant: _Variant) -> str:
    return variant.product.id


def _names(text: str, reading: _NamedModel | None) -> set[str]:
    """Words of a text that name a product."""
    if reading is not None:
        return {match[0].replace(" ", "") for match in reading.family.pattern.finditer(text)}
    branded = {match[1] for match in _BRANDED.finditer(text)}
    return branded or {word for word in _TOKEN.findall(text) if not _NO_PRODUCT.fullmatch(word)}


def _family(family_id: str, row: Mapping[str, Any], catalogue: Mapping[str, Any]) -> _Family:
    variants = tuple(
        _variant(variant_id, each, row, catalogue) for variant_id, each in row["variants"].items()
    )
    product = variants[0].product if len(variants) == 1 else _together(family_id, row["name"], variants)
    return _Family(
        family_id,
        product,
        re.compile(rf"\b(?:{row['text']})\b"),
        variants,
        row.get("holds", ""),
        row.get("memory_of_host", False),
    )


def _together(family_id: str, name: str, variants: Iterable[_Variant]) -> Product:
    products = [each.product for each in variants]
    ceilings = {
        key: max((each.ceilings[key] for each in products if key in each.ceilings), key=lambda it: it.value)
        for key in CEILINGS
        if any(key in each.ceilings for each in products)
    }
    pci_ids = frozenset[str]().union(*(each.pci_ids for each in products))
    return Product(family_id, name, pci_ids, MappingProxyType(ceilings), products[0].link_across)


def _variant(
    variant_id: str, row: Mapping[str, Any], family: Mapping[str, Any], catalogue: Mapping[str, Any]
) -> _Variant:
    ceilings = {}
    for key in CEILINGS:
        if key == "pcie_gbs" and "pcie" in row:
            lanes = catalogue["pcie"][row["pcie"]]
            ceilings[key] = Ceiling(float(lanes["gbs"]), catalogue["units"][key], lanes["source"])
        elif key in row:
            precision = f", {row['precision']} dense" if key == "peak_tflops" else ""
            ceilings[key] = Ceiling(
                float(row[key]), catalogue["units"][key], f"{family['source']}{precision}"
            )
    maker = family["name"].split(" ")[0]
    product = Product(
        variant_id,
        f"{maker} {row['name']}",
        frozenset(row.get("pci", ())),
        MappingProxyType(ceilings),
        family.get("link_across", False),
    )
    return _Variant(
        product, row.get("form", ""), frozenset(row.get("memory_gb", ())), row.get("memory_type", "")
    )


_KEPT = yaml_documents.read(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
_UNITS = _KEPT["units"]
_FAMILIES = tuple(_family(family_id, row, _KEPT) for family_id, row in _KEPT["families"].items())
_VENDOR = re.compile(r"10de|1002|1da3")
_BY_PCI_ID = {
    pci_id: variant.product
    for family in _FAMILIES
    for variant in family.variants
    for pci_id in variant.product.pci_ids
}
