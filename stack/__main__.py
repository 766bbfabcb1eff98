"""`python -m stack`: run, stop, and run a command beside a running Muster or with its own databases."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stack import processes
from stack.account import NoAccountError
from stack.backups.catalogue import BackupSettingError
from stack.child import StartError, end_with_parent
from stack.identity import end
from stack.launch import Launch, LaunchError, choose_port, clear_up
from stack.layout import Layout, LayoutError, find_layout
from stack.postgres import NotInstalledError
from stack.running import environment_of_running
from stack.state import AlreadyRunningError, Lock, StackState
from stack.supervisor import StepError, StopRequestedError, Supervisor
from stack.upgrading.old_data import OtherDataError

ROOT = Path(__file__).resolve().parent.parent
STOP_PATIENCE_S = 90
EXPECTED = (
    BackupSettingError,
    LaunchError,
    LayoutError,
    NoAccountError,
    NotInstalledError,
    OtherDataError,
    StartError,
    StepError,
)


def say(line: str) -> None:
    with suppress(OSError):  # the reader of our output has gone, which must not end the processes
        print(line, flush=True)


@contextmanager
def _launch(layout: Layout) -> Iterator[Launch]:
    """A launch that always ends with all processes stopped."""
    lock = Lock(layout.lock)
    before = StackState.read(layout.state)
    clear_up(before, say=say)
    if before.copied_from:
        say(f"{layout.data} is a copy of {before.copied_from}. It starts as a Muster of its own.")
    state = StackState()
    supervisor = Supervisor(layout=layout, state=state, say=say)
    try:
        yield Launch(layout=layout, environ=dict(os.environ), supervisor=supervisor, state=state, say=say)
    finally:
        supervisor.stop()
        clear_up(state, say=say)
        layout.state.unlink(missing_ok=True)
        lock.release()


def run(layout: Layout) -> int:
    began = time.monotonic()
    try:
        with _launch(layout) as launch:
            try:
                _bring_up(launch, began=began)
                launch.supervisor.watch()
            except StopRequestedError:
                say("Stopping ...")
    except AlreadyRunningError:
        state = StackState.read(layout.state)
        say(f"Muster is already running from {layout.data}: {state.address or 'it is starting'}.")
        say("`make stop` stops it.")
        return 1
    say("Stopped.")
    return 0


def _bring_up(launch: Launch, *, began: float) -> None:
    host = os.environ.get("MUSTER_HOST") or "127.0.0.1"
    port = choose_port(os.environ, host=host, say=say)
    launch.start_databases()
    launch.load_shared()
    demo = launch.prepare()
    say("Starting web, worker and beat ...")
    launch.start_muster(host=host, port=port)
    if demo.send:
        launch.start_sender()
    address = launch.state.address
    say("")
    say(f"Muster is ready after {time.monotonic() - began:.1f} s: {address}/")
    logins = launch.output_of("demo_logins", processes.demo_logins()) if demo.send else ""
    link = ("first_admin_link", processes.first_admin_link(url=address))
    for line in (logins or launch.output_of(*link)).splitlines():
        say(line)
    say(f"Logs: {launch.layout.logs}. Ctrl-C stops everything.")


def stop(layout: Layout) -> int:
    state = StackState.read(layout.state)
    if state.launcher and end(state.launcher, ask=signal.SIGTERM, patience_s=STOP_PATIENCE_S):
        say("Stopped.")
        return 0
    try:
        lock = Lock(layout.lock)
    except AlreadyRunningError:
        say(
            f"Muster runs from {layout.data}, but its state does not say as which process: it is just starting, or "
            "an earlier version started it. Stop it where it was started (Ctrl-C)."
        )
        return 1
    clear_up(state, say=say)
    lock.release()
    copy = (
        f" The one of {state.copied_from}, which it is a copy of, is left alone." if state.copied_from else ""
    )
    say(f"Muster is not running from {layout.data}.{copy}")
    return 0


def manage(layout: Layout, arguments: list[str]) -> int:
    """Run a management command beside the running Muster, else with the databases started for it."""
    argv = [sys.executable, "manage.py", *arguments]
    if running := environment_of_running(layout.root, os.environ):
        return subprocess.call(argv, cwd=layout.root, env={**os.environ, **running})
    with _launch(layout) as launch:
        launch.start_databases()
        return subprocess.call(argv, cwd=layout.root, env=launch.child_environment())


def keep_safe(layout: Layout, arguments: argparse.Namespace) -> int:
    """Run a command about backups or keys."""
    from stack.backups import commands  # libraries for encryption, which `run` does not need

    keeper = commands.BackupCommands(layout, launching=_launch, say=say)
    try:
        match arguments.command:
            case "backup" if arguments.scheduled:
                return keeper.back_up_scheduled()
            case "backup":
                form = commands.BackupForm.DUMP if arguments.dump else commands.BackupForm.FILES
                return keeper.back_up(new_passphrase=arguments.new_passphrase, form=form)
            case "archive-log":
                return keeper.archive_log(only_if_due=arguments.scheduled)
            case "restore" if arguments.at:
                return keeper.restore_instant(arguments.file.absolute(), arguments.at)
            case "restore":
                return keeper.restore(arguments.file.absolute())
            case "verify-backup":
                return keeper.verify(arguments.file.absolute())
            case _:
                return keeper.rotate_keys(end_sessions=arguments.end_sessions)
    except AlreadyRunningError:
        say(f"Muster is running from {layout.data}. Stop it first (`make stop`).")
    except commands.EXPECTED as error:
        say(str(error))
    except (KeyboardInterrupt, StopRequestedError):
        say("Stopped.")
    return 1


def upgrade(layout: Layout, arguments: argparse.Namespace) -> int:
    """Bring the data of an older PostgreSQL to the one that Muster brings, or say what that takes."""
    from stack.backups.commands import EXPECTED as OF_BACKUPS  # as in keep_safe
    from stack.upgrading import commands

    if arguments.plan and (running := environment_of_running(layout.root, os.environ)):
        argv = [sys.executable, "manage.py", "announce_migrations"]
        return subprocess.call(argv, cwd=layout.root, env={**os.environ, **running})
    upgrader = commands.UpgradeCommand(layout, launching=_launch, say=say)
    try:
        act = upgrader.plan if arguments.plan else upgrader.upgrade
        return act(programs=arguments.programs.absolute() if arguments.programs else None)
    except AlreadyRunningError:
        say(f"Muster is running from {layout.data}. Stop it first (`make stop`).")
    except (*commands.EXPECTED, *OF_BACKUPS, *EXPECTED) as error:
        say(f"Not upgraded. {error}")
    except (KeyboardInterrupt, StopRequestedError):
        say("Stopped. The data are as they were.")
    return 1


def try_out(arguments: list[str]) -> int:
    """Run any command with throw-away databases, like those of the tests."""
    from stack.testing import throw_away_servers

    with throw_away_servers():
        return subprocess.call(arguments)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    parser.add_argument(
        "--end-with-parent", action="store_true", help="stop when the process that started this one is gone"
    )
    parser.add_argument("--checkout", type=Path, default=ROOT, help="the folder that holds manage.py")
    commands = parser.add_subparsers(dest="command", title="commands (default: run)")
    commands.add_parser("run", help="start everything and keep it running")
    commands.add_parser("stop", help="stop what runs from this checkout")
    backup = commands.add_parser("backup", help="write a backup now")
    backup.add_argument("--new-passphrase", action="store_true", help="choose another passphrase first")
    backup.add_argument("--dump", action="store_true", help="for a later PostgreSQL, or another server")
    backup.add_argument("--scheduled", action="store_true", help="only if the schedule asks for one")
    for name, text in (
        ("restore", "restore a backup into an empty data folder"),
        ("verify-backup", "unpack a backup, verify every file of it, and delete them again"),
    ):
        reading = commands.add_parser(name, help=text)
        reading.add_argument("file", type=Path)
        if name == "restore":
            reading.add_argument(
                "--at", default="", help="an instant; the file may be the folder of the backups then"
            )
    upgrading = commands.add_parser(
        "upgrade", help="bring the data of an older PostgreSQL to the one Muster brings"
    )
    upgrading.add_argument("--plan", action="store_true", help="only say what it takes, and what is pending")
    upgrading.add_argument("--programs", type=Path, help="the folder of the older PostgreSQL's programs")
    archive_log = commands.add_parser("archive-log", help="archive the log of changes until now")
    archive_log.add_argument("--scheduled", action="store_true", help="only if the schedule asks for it")
    rotate = commands.add_parser("rotate-keys", help="make new keys for signing and for secrets")
    rotate.add_argument("--end-sessions", action="store_true", help="sign everybody out")
    for name, text in (
        ("manage", "run a management command on the running Muster, or with its databases started for it"),
        ("try", "run any command with throw-away databases"),
    ):
        commands.add_parser(name, help=text).add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def main() -> int:
    arguments = _make_parser().parse_args()
    if arguments.end_with_parent:
        end_with_parent(os.getppid(), signal.SIGTERM)
    try:
        if arguments.command == "try":
            return try_out(arguments.arguments)
        layout = find_layout(arguments.checkout.resolve(), os.environ)
        if arguments.command == "manage":
            return manage(layout, arguments.arguments)
        if arguments.command in {"backup", "archive-log", "restore", "verify-backup", "rotate-keys"}:
            return keep_safe(layout, arguments)
        if arguments.command == "upgrade":
            return upgrade(layout, arguments)
        return stop(layout) if arguments.command == "stop" else run(layout)
    except EXPECTED as error:
        say(f"Muster cannot start. {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
