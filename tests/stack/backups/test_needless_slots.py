"""At a start, Muster ends the chains of a log that it no longer archives, in its own PostgreSQL alone."""

from pathlib import Path

import pytest

from stack.backups.catalogue import BackupSettingError
from stack.launch import Launch
from stack.layout import Layout
from stack.state import StackState
from stack.supervisor import Supervisor


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(root=tmp_path, data=tmp_path, account=None)
    (layout.cluster / "data" / "pg_replslot" / "muster_log_20261202t100000z").mkdir(parents=True)
    return layout


def launch(layout: Layout, **environ: str) -> Launch:
    state = StackState()
    supervisor = Supervisor(layout=layout, state=state, say=print)
    return Launch(layout=layout, environ=environ, supervisor=supervisor, state=state, say=print)


@pytest.mark.parametrize(
    ("environ", "has_needless"),
    [
        ({}, True),
        ({"MUSTER_BACKUP_LOG_MINUTES": "00"}, True),
        ({"MUSTER_BACKUP_LOG_MINUTES": " 0"}, True),
        ({"MUSTER_BACKUP_LOG_MINUTES": "5"}, False),
        ({"DATABASE_URL": "postgres://elsewhere/muster"}, False),
    ],
    ids=["unset", "two zeros", "a space", "archived", "another server"],
)
def test_only_a_log_that_nothing_archives_is_given_up(
    layout: Layout, environ: dict[str, str], has_needless: bool
) -> None:
    assert launch(layout, **environ).has_needless_slots() is has_needless


def test_a_setting_that_is_no_number_is_named(layout: Layout) -> None:
    with pytest.raises(BackupSettingError, match="MUSTER_BACKUP_LOG_MINUTES=five is not a whole number"):
        launch(layout, MUSTER_BACKUP_LOG_MINUTES="five").has_needless_slots()
