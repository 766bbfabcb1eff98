"""Every rule of health in the registry: it is complete, and it begins, ends and flaps as its limits say."""

from pathlib import Path

import pytest

from telemetry.core.metric import ComparedValue, LimitTest, MetricKind
from telemetry.core.registry import registry
from telemetry.core.rules_guide import guide
from tests.telemetry.rules import ORDERED, RULES, beyond, each_rule, levels, meanings, well

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "problems.md"
NOTHING = float("nan")


@each_rule
def test_a_rule_says_what_it_is_what_to_do_and_who_says_so(metric, rule):
    assert rule.title
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.title != metric.title, "a title says the problem, not the metric"
    assert rule.action.endswith(".")
    assert rule.action[0].isupper()
    assert "\n" not in rule.action
    assert len(rule.title) <= 60
    assert len(rule.action) <= 120
    assert rule.source in registry().sources
    if rule.share_of:
        assert registry().get(rule.share_of).unit == metric.unit
    assert (rule.measure is ComparedValue.INCREASE) is (metric.kind is MetricKind.COUNTER)


@each_rule
def test_a_state_is_entered_just_beyond_its_limit(metric, rule):
    for level, limits in levels(rule):
        assert rule.judge(beyond(rule, limits)) == level


@each_rule
def test_a_limit_itself_is_well(metric, rule):
    if rule.direction in ORDERED:
        assert rule.judge((rule.warn or rule.critical)[0]) == "ok"


@each_rule
def test_a_state_ends_at_its_hysteresis_and_no_earlier(metric, rule):
    for level, limits in levels(rule):
        assert rule.judge(well(rule), level) == "ok"
        if rule.direction in ORDERED and rule.hysteresis:
            sign = -1 if rule.direction is LimitTest.ABOVE else 1
            assert rule.judge(limits[0] + sign * rule.hysteresis / 2, level) == level


@each_rule
def test_a_value_that_swings_around_a_limit_flips_once(metric, rule):
    if rule.direction not in ORDERED or not rule.hysteresis:
        return
    for _level, limits in levels(rule):
        standing, seen = "ok", []
        for place in range(6):
            inside = limits[0] + (-1 if rule.direction is LimitTest.ABOVE else 1) * rule.hysteresis / 2
            standing = rule.judge(inside if place % 2 else beyond(rule, limits), standing)
            seen.append(standing)
        assert len(set(seen)) == 1


@each_rule
def test_a_value_that_is_missing_is_not_judged(metric, rule):
    for standing in ("ok", "warn", "critical"):
        assert rule.judge(NOTHING, standing) is None


def test_rules_that_judge_the_same_series_are_told_apart():
    """A reason has the object, the metric, the part, what is compared, and how. Two rules of one metric differ in the
    last two, or judge different parts or objects."""
    for metric in meanings():
        told = {}
        for rule in metric.health:
            of_part = tuple(pair for pair in rule.when if pair[0] in metric.parts)
            told.setdefault((rule.measure, rule.direction, of_part, rule.only), []).append(rule.title)
        assert all(len(titles) == 1 for titles in told.values()), metric.name


def test_titles_tell_rules_of_one_metric_apart():
    for metric in meanings():
        titles = [rule.title for rule in metric.health]
        assert len(titles) == len(set(titles)), metric.name


def test_a_label_that_holds_a_state_is_read_by_its_first_pattern():
    (rule,) = registry().get("slurm_node_status").health
    numbers = {
        status: rule.number({"status": status})
        for status in (
            "idle",
            "mixed",
            "allocated",
            "idle*",
            "drained",
            "draining",
            "drained*",
            "down",
            "down*",
            "",
        )
    }
    assert numbers == {
        "idle": 0,
        "mixed": 0,
        "allocated": 0,
        "": 0,
        "drained": 1,
        "draining": 1,
        "idle*": 2,
        "drained*": 2,
        "down": 2,
        "down*": 2,
    }
    assert [rule.word(number) for number in (0, 1, 2)] == ["", "drain", "down"]


@pytest.mark.parametrize(
    ("fstype", "mountpoint", "is_judged"),
    [
        ("ext4", "/", True),
        ("xfs", "/data", True),
        ("zfs", "/scratch", True),
        ("vfat", "/boot/efi", False),
        ("tmpfs", "/tmp", False),
        ("squashfs", "/snap/core/1", False),
        ("overlay", "/var/lib/docker/overlay2/a/merged", False),
        ("nfs4", "/home", False),
        ("fuse.lxcfs", "/var/lib/lxcfs", False),
        ("iso9660", "/mnt", False),
        ("ext4", "/run/media/x", False),
    ],
)
def test_only_a_disk_of_the_node_is_judged(fstype, mountpoint, is_judged):
    labels = {"fstype": fstype, "mountpoint": mountpoint}
    for metric in ("node_filesystem_avail_bytes", "node_filesystem_readonly"):
        assert bool(registry().get(metric).rules_for(labels)) is is_judged


@pytest.mark.parametrize(
    ("metric", "title", "unit"),
    [
        ("node_filesystem_avail_bytes", "File system is almost full", "%"),
        ("probe_ssl_earliest_cert_expiry", "Certificate expires soon", "days"),
        ("ifInErrors", "Port receives damaged packets", "packets in 24 h"),
        ("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "NVLink had to recover", "in 1 h"),
        ("slurm_node_status", "Slurm places no work on the node", ""),
        ("DCGM_FI_DEV_GPU_TEMP", "GPU is too hot", "°C"),
    ],
)
def test_a_compared_value_has_its_own_unit(metric, title, unit):
    definition = registry().get(metric)
    (rule,) = definition.health
    assert (rule.title, rule.unit(definition.unit)) == (title, unit)


def test_the_guide_has_every_rule_as_it_is():
    tables = "\n".join(guide(registry())).strip()
    assert tables in GUIDE.read_text("utf-8"), (
        "run `manage.py health_rules` and put its tables into the guide"
    )
    assert sum(line.startswith("| ") for line in tables.splitlines()) - 7 == len(RULES)
