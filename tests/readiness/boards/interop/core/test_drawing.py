"""Where boxes, lines and labels of the drawing stand."""

from dataclasses import dataclass
from itertools import pairwise

from readiness.assessment.evidence.core.interop import End
from readiness.assessment.evidence.core.proving.interop import Installed, PairStanding
from readiness.boards.interop.core.drawing import BESIDE_LOOP, HEAD, LABEL, ROW, SPACE, drawing

HOST = End("NVIDIA", "DGX H100", "", "24.09")
LEAF, OLD_LEAF = End("Arista", "7060X6", "EOS 4.33"), End("Arista", "7060X6", "EOS 4.30")
SPINE, OTHER_SPINE = End("NVIDIA", "SN5600", "Cumulus 5.11"), End("Cisco", "8101", "IOS XR 24")


@dataclass(frozen=True)
class DrawnPair:
    installed: Installed
    standing: PairStanding = PairStanding.PROVEN


def pair(first, second, links=1):
    return DrawnPair(Installed((first, second), links, 0))


def models(drawn):
    return [[box.model for box in column.boxes] for column in drawn.columns]


def test_hosts_stand_left_of_what_they_are_linked_to():
    drawn = drawing([pair(LEAF, SPINE), pair(HOST, LEAF), pair(HOST, OLD_LEAF)])
    assert models(drawn) == [["DGX H100"], ["7060X6"], ["SN5600"]]
    assert [len(column.lines) for column in drawn.columns] == [2, 1, 0]
    assert drawn.columns[1].boxes[0].rows == (OLD_LEAF, LEAF)
    assert drawn.height == HEAD + 2 * ROW
    # From the middle of the leaf's second row to the spine, which stands in the middle of the drawing.
    [line] = drawn.columns[1].lines
    assert line.path == "M0 91C45 91 55 76 100 76"


def test_without_hosts_it_begins_with_what_has_the_fewest_links():
    drawn = drawing([pair(LEAF, SPINE), pair(LEAF, OTHER_SPINE)])
    assert models(drawn) == [["8101"], ["7060X6"], ["SN5600"]]
    assert models(drawing([])) == []


def test_versions_of_one_product_are_joined_beside_their_box():
    drawn = drawing([pair(LEAF, OLD_LEAF), pair(LEAF, LEAF)])
    assert models(drawn) == [["7060X6"]]
    assert {line.label_x for line in drawn.columns[0].lines} == {BESIDE_LOOP}


def test_boxes_do_not_touch_and_labels_do_not_cover_each_other():
    hosts = [End("Dell", f"XE{number}", "", "1") for number in range(9)]
    drawn = drawing([pair(host, leaf, links=64) for host in hosts for leaf in (LEAF, OLD_LEAF)])
    left, right = drawn.columns
    tops = [box.top for box in left.boxes]
    assert all(after - before == HEAD + ROW + SPACE for before, after in pairwise(tops))
    assert right.boxes[0].top == (drawn.height - HEAD - 2 * ROW) / 2
    labels = [line.label_y for line in left.lines]
    assert all(after - before >= LABEL for before, after in pairwise(labels))
    assert LABEL / 2 <= labels[0] < labels[-1] <= drawn.height - LABEL / 2
    assert {line.width for line in left.lines} == {4.5}
