"""The standing of a scrape target."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telemetry.core.scrapes import AbsenceCause, TargetJudgement, TargetStanding, UpRun, judge_target

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
UP, DOWN, ABSENT = TargetStanding.UP, TargetStanding.DOWN, TargetStanding.ABSENT


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def run(is_up, since=5, taken=0, ended=None, interval_s=None):
    ended_at = None if ended is None else ago(ended)
    return UpRun(is_up, ago(since), ago(taken), taken < 2 and ended is None, ended_at, interval_s)


WAS_UP = TargetJudgement(UP, ago(60), series_up=1)
WAS_DOWN = TargetJudgement(DOWN, ago(60), ago(60), series_down=1)
DOWN_THEN_SILENT = TargetJudgement(ABSENT, ago(30), ago(60), AbsenceCause.SILENT)
UP_THEN_ENDED = TargetJudgement(ABSENT, ago(30), None, AbsenceCause.ENDED)


@pytest.mark.parametrize(
    ("before", "runs", "after"),
    [
        pytest.param(None, [], None, id="nothing ever came"),
        pytest.param(
            None,
            [run(False, since=9, taken=6, ended=6)],
            TargetJudgement(ABSENT, ago(6), ago(9), AbsenceCause.ENDED),
            id="it came and ended before anybody looked",
        ),
        pytest.param(None, [run(True)], TargetJudgement(UP, ago(5), series_up=1), id="it appears"),
        pytest.param(WAS_UP, [run(True)], WAS_UP, id="up goes on"),
        pytest.param(WAS_UP, [run(False)], TargetJudgement(DOWN, ago(5), ago(5), series_down=1), id="down"),
        pytest.param(
            WAS_UP,
            [run(True, since=9), run(False)],
            TargetJudgement(DOWN, ago(5), ago(5), None, 1, 1),
            id="one of two says down",
        ),
        pytest.param(
            WAS_DOWN,
            [run(False, taken=4)],
            TargetJudgement(ABSENT, ago(4), ago(60), AbsenceCause.SILENT),
            id="silence does not end that it is down",
        ),
        pytest.param(
            WAS_UP,
            [run(True, taken=1, ended=1)],
            TargetJudgement(ABSENT, ago(1), None, AbsenceCause.ENDED),
            id="its sender ended it",
        ),
        pytest.param(
            WAS_UP,
            [],
            TargetJudgement(ABSENT, ago(2), None, AbsenceCause.SILENT),
            id="its last up is not read",
        ),
        pytest.param(DOWN_THEN_SILENT, [], DOWN_THEN_SILENT, id="still absent"),
        pytest.param(
            DOWN_THEN_SILENT,
            [run(False)],
            TargetJudgement(DOWN, ago(5), ago(60), series_down=1, interval_s=1800),
            id="down as before",
        ),
        pytest.param(
            DOWN_THEN_SILENT,
            [run(True, interval_s=15)],
            TargetJudgement(UP, ago(5), series_up=1, interval_s=15),
            id="up ends it",
        ),
        pytest.param(
            replace(DOWN_THEN_SILENT, since=ago(300)),
            [run(True)],
            TargetJudgement(UP, ago(5), series_up=1),
            id="no target is scraped so seldom",
        ),
        pytest.param(
            replace(WAS_UP, interval_s=15),
            [run(True, interval_s=17)],
            replace(WAS_UP, interval_s=15),
            id="its interval is about the same",
        ),
        pytest.param(
            replace(WAS_UP, interval_s=15),
            [run(True, interval_s=60), run(True, interval_s=15)],
            replace(WAS_UP, series_up=2, interval_s=60),
            id="its interval changed",
        ),
        pytest.param(
            replace(DOWN_THEN_SILENT, interval_s=15),
            [run(True)],
            TargetJudgement(UP, ago(5), series_up=1, interval_s=15),
            id="an absence is no interval",
        ),
        pytest.param(UP_THEN_ENDED, [run(True, taken=9)], UP_THEN_ENDED, id="an old run changes nothing"),
    ],
)
def test_the_standing_follows_from_runs_and_from_the_one_before(before, runs, after):
    assert judge_target(before, runs, silent_since=ago(2)) == after
