import pytest

from telemetry.core.registry import DATA
from telemetry.core.trust import SkewDirection, load, trust_rules

CLOCK = trust_rules().clock


@pytest.mark.parametrize(
    ("skews_s", "cadence_s", "direction", "seconds"),
    [
        pytest.param([45, 44], 60, None, None, id="too few periods to say"),
        pytest.param([-3, -2, -40], 60, "agrees", -3, id="a network is slow now and then"),
        pytest.param([45, 44, 47], 60, "ahead", 44, id="all from the future"),
        pytest.param([45, 44, 30], 60, "agrees", 30, id="one period within the limit answers"),
        pytest.param([-300, -299, -301], 60, "behind", -299, id="the same distance behind"),
        pytest.param([-300, -900, -1500], 60, None, None, id="a queue that empties is no clock"),
        pytest.param([-1700, 45, 44], 60, None, None, id="nor does it show that a clock is right again"),
        pytest.param([-300, -299, -301], 900, "agrees", -300, id="a slow cadence may lie behind by one"),
        pytest.param([1, 2, 3, 99, 99, 99], 60, "agrees", 2, id="older periods do not count"),
    ],
)
def test_a_clock_is_judged_by_its_last_periods(skews_s, cadence_s, direction, seconds):
    skew = CLOCK.judge(skews_s, cadence_s=cadence_s)
    assert (skew and (skew.direction, skew.seconds)) == (direction and (SkewDirection(direction), seconds))


@pytest.mark.parametrize(
    ("skews_s", "shared"),
    [
        pytest.param([120, 121], None, id="two may be wrong"),
        pytest.param([120, 121, 0], (120.5, 2, 3), id="most by the same"),
        pytest.param([120, 900, 3600], None, id="each by another time"),
        pytest.param([120, 121, 0, 0], None, id="half of them"),
        pytest.param([-300, -301, -290, 2], (-300, 3, 4), id="behind"),
    ],
)
def test_most_sources_that_differ_by_the_same_share_a_skew(skews_s, shared):
    skews = [skew for skew_s in skews_s if (skew := CLOCK.judge([skew_s] * CLOCK.periods, cadence_s=60))]
    skew = CLOCK.shared_skew(skews)
    assert (skew and (skew.seconds, skew.sources, skew.heard)) == shared


@pytest.mark.parametrize(
    ("line", "wrong", "fault"),
    [
        pytest.param("ahead: 30s", "ahead: 31 years", "clock.ahead", id="no duration"),
        pytest.param("periods: 3", "periods: 0.5", "clock.periods", id="half a period"),
        pytest.param("source: OD", "source: hearsay", "clock.source", id="no source of the registry"),
        pytest.param("behind: 60s", "since: 60s", "clock.since", id="an unknown key"),
        pytest.param("upsOutputPower", "upsPower", "upsPower", id="no metric of the registry"),
        pytest.param("percent: 20", "percent: -1", "meters.percent", id="below 0"),
        pytest.param("hysteresis: 2", "hysteresis: 20", "meters.hysteresis", id="never ends"),
    ],
)
def test_the_file_is_read_strictly(tmp_path, line, wrong, fault):
    path = tmp_path / "trust.yaml"
    path.write_text((DATA / "trust.yaml").read_text().replace(line, wrong, 1))
    with pytest.raises(RuntimeError, match=fault):
        load(path)


@pytest.mark.parametrize(
    ("kw", "behind_kw", "is_whole", "distance"),
    [
        pytest.param(12.5, 10, True, (25, True, False), id="a PDU above the sum of all that it feeds"),
        pytest.param(12.5, 10, False, (25, False, True), id="something behind it has no meter"),
        pytest.param(11, 10, True, (10, False, True), id="within the limit"),
        pytest.param(11.9, 10, True, (19, False, False), id="at the limit"),
        pytest.param(8.1, 10, False, (-19, False, False), id="at the limit, below the sum"),
        pytest.param(7.5, 10, False, (-25, True, False), id="no meter reads less than what is behind it"),
        pytest.param(0.9, 0.5, True, None, id="too little to tell"),
        pytest.param(5, 0, True, (100, True, False), id="all that it feeds draws nothing"),
        pytest.param(5, 0, False, None, id="a part of what it feeds draws nothing"),
    ],
)
def test_a_meter_is_held_against_what_is_behind_it(kw, behind_kw, is_whole, distance):
    judged_distance = trust_rules().meters.judge(kw, behind_kw, is_whole=is_whole)
    columns = judged_distance and (
        round(judged_distance.percent, 6),
        judged_distance.contradicts,
        judged_distance.agrees,
    )
    assert columns == distance
