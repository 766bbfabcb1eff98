"""The catalogue of products: names, PCI ids, contradictions and ceilings, and bus ids in one form."""

import pytest

from inventory import catalogue
from inventory.bus_ids import bus_id
from inventory.catalogue import CEILINGS, ceilings_of, contradicts, product_named, product_with_pci_id

PRODUCTS = [variant.product for family in catalogue._FAMILIES for variant in family.variants]


@pytest.mark.parametrize(
    ("text", "product_id"),
    [
        ("NVIDIA H100 80GB HBM3", "h100-sxm-80"),  # the driver, of an SXM module
        ("H100 SXM 80 GB", "h100-sxm-80"),
        ("H100-SXM5-80GB", "h100-sxm-80"),
        ("NVIDIA H100 PCIe", "h100-pcie-80"),
        ("NVIDIA H100 NVL", "h100-nvl-94"),
        ("NVIDIA H100", "h100"),
        ("8x H100", "h100"),
        ("PowerEdge XE9680 8x H100", "h100"),
        ("NVIDIA H200", "h200"),
        ("NVIDIA H200 NVL", "h200-nvl"),
        ("NVIDIA GH200 480GB", "gh200"),  # 480 GB are the processor's
        ("B200 SXM 180 GB", "b200-sxm"),
        ("NVIDIA B200-SXM-180GB", "b200-sxm"),
        ("NVIDIA GB200", "gb200"),
        ("GB200 NVL72", "gb200"),
        ("NVIDIA B300 SXM6 AC", "b300-sxm"),
        ("NVIDIA A100-SXM4-40GB", "a100-sxm-40"),
        ("NVIDIA A100-PCIE-40GB", "a100-pcie-40"),
        ("NVIDIA A100 80GB PCIe", "a100-pcie-80"),
        ("Tesla V100-SXM2-16GB", "v100-sxm-16"),
        ("Tesla T4", "t4"),
        ("NVIDIA L4", "l4"),
        ("NVIDIA L40", "l40"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA A10", "a10"),
        ("NVIDIA RTX 6000 Ada Generation", "rtx-6000-ada"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000"),
        ("AMD Instinct MI300X OAM", "mi300x"),
        ("AMD_Instinct_MI300X_OAM", "mi300x"),
        ("AMD Instinct MI300X-NPS1-SPX-192GB-750W", "mi300x"),
        ("AMD Instinct MI250X / MI250", "mi250x"),
        ("HL-225H", "gaudi2"),
        ("Intel Gaudi3 HL-325L", "gaudi3"),
        ("Quadro RTX 6000", None),
        ("H100 or A100", None),  # two products
        ("GPU", None),
        ("", None),
    ],
)
def test_names_of_products(text, product_id) -> None:
    product = product_named(text)
    assert (product.id if product else None) == product_id


@pytest.mark.parametrize(
    ("device_id", "product_id"),
    [
        ("2330", "h100-sxm-80"),
        ("0x2330", "h100-sxm-80"),
        ("0x233010DE", "h100-sxm-80"),  # as nvidia-smi prints it
        ("10de:2330", "h100-sxm-80"),
        ("0x74a1", "mi300x"),  # as AMD's exporter prints it
        ("1da3:1060", "gaudi3"),
        ("8086:2330", None),
        ("23301234", None),
        ("ffff", None),
        ("", None),
    ],
)
def test_pci_ids_of_products(device_id, product_id) -> None:
    product = product_with_pci_id(device_id)
    assert (product.id if product else None) == product_id


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("NVIDIA H100 80GB HBM3", "H200 SXM 141 GB"),
        ("NVIDIA H100 80GB HBM3", "H100 PCIe"),
        ("NVIDIA H100 NVL", "H100 SXM 80 GB"),
        ("NVIDIA A100-SXM4-40GB", "A100 SXM 80 GB"),
        ("H100 SXM 64 GB", "H100 SXM 80 GB"),
        ("B200 SXM 180 GB", "NVIDIA GB200"),
        ("NVIDIA L40", "L40S"),
        ("AMD Instinct MI300X", "NVIDIA H100"),
        ("AMD Instinct MI325X", "Instinct MI300X 192 GB"),
        ("RTX 5090", "H100 SXM"),
        ("NVIDIA GeForce RTX 4090", "RTX 5090"),
        ("NVIDIA A16", "NVIDIA A10"),
    ],
)
def test_contradictions(a, b) -> None:
    assert contradicts(a, b)
    assert contradicts(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("NVIDIA H100", "H100 SXM 80 GB"),
        ("NVIDIA H100 80GB HBM3", "H100-SXM5-80GB"),
        ("NVIDIA H200", "H200 NVL"),
        ("NVIDIA B200", "B200 SXM 192 GB"),
        ("B200 SXM 180 GB", "B200 SXM 192 GB"),  # usable and physical
        ("B200", "NVIDIA GB200"),  # the one on the board
        ("NVIDIA GH200 480GB", "GH200 96 GB"),
        ("AMD Instinct MI300X OAM", "Instinct MI300X 192 GB"),
        ("MI300", "MI300X"),
        ("Graphics Device", "NVIDIA H100"),
        ("NVIDIA PG506-232", "A100 SXM 80 GB"),  # a board
        ("NVIDIA GA100", "A100 SXM 80 GB"),  # a chip
        ("Accelerator module", "H100"),
        ("DGX A100 and H100", "H100 SXM 80 GB"),
        ("Type 1", "Type 2"),
        ("", "H100"),
    ],
)
def test_agreements(a, b) -> None:
    assert not contradicts(a, b)
    assert not contradicts(b, a)


def test_every_text_agrees_with_itself() -> None:
    assert not [each.name for each in PRODUCTS if contradicts(each.name, each.name)]


def test_every_product_is_found_by_its_own_name() -> None:
    assert [each.id for each in PRODUCTS if product_named(each.name) != each] == []


def test_no_two_products_have_one_pci_id() -> None:
    ids = [pci_id for each in PRODUCTS for pci_id in each.pci_ids]
    assert len(ids) == len(set(ids))


def test_every_ceiling_has_unit_and_source() -> None:
    for product in PRODUCTS:
        assert set(product.ceilings) <= set(CEILINGS)
        assert {"memory_gbs", "peak_tflops"} <= set(product.ceilings)
        for ceiling in product.ceilings.values():
            assert ceiling.value > 0
            assert ceiling.unit
            assert ceiling.source


def test_a_family_has_the_highest_of_its_ceilings() -> None:
    family = product_named("NVIDIA H100")
    assert family.ceilings["memory_gbs"].value == 3938
    assert family.ceilings["interconnect_gbs"].value == 900


def test_the_types_own_figure_comes_first() -> None:
    ceilings = ceilings_of("H100 SXM 80 GB", {"interconnect_gbs": 600, "memory_gb": 80}, "Our contract")
    assert (ceilings["interconnect_gbs"].value, ceilings["interconnect_gbs"].source) == (600, "Our contract")
    assert ceilings["peak_tflops"].source == "NVIDIA H100 data sheet, FP8 dense"
    assert ceilings_of("Unknown 1", {"memory_gbs": "much"}, "") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00000000:1B:00.0", "1b:00.0"),
        ("0000:1b:00.0", "1b:00.0"),
        ("1b:00.0", "1b:00.0"),
        ("00000008:01:00.0", "8:01:00.0"),
        ("0008:01:00.0", "8:01:00.0"),
        (" 0000:C1:00 ", "c1:00.0"),
        ("Slot 3", "slot 3"),
        ("", ""),
    ],
)
def test_bus_ids_in_one_form(text, expected) -> None:
    assert bus_id(text) == expected
