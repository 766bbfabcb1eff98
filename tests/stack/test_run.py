"""`python -m stack run` from the outside: what it says, what it survives, and what it leaves behind."""

import os
import re
import shlex
import signal
import socket
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from stack.account import run_as, unprivileged_account
from tests.stack.checkout import CELERY, ROOT, Checkout, Started, below, eventually, living


def test_one_interrupt_stops_everything(started: Started) -> None:
    assert "Muster is ready after" in started.said
    assert started.url in started.said
    assert "planner@example.com / correct-horse" in started.said
    assert set(started.checkout.children) == {"web", "worker", "beat", "demo", "valkey", "postgres"}
    everything = started.descendants()

    assert started.end(signal.SIGINT) == 0
    assert started.said.endswith("Stopping ...\nStopped.\n")
    assert not living(everything)
    assert not (started.checkout.data / "state.json").exists()


@pytest.mark.full
def test_the_demo_is_loaded_on_the_first_start_only(checkout: Checkout) -> None:
    first = checkout.start()
    assert first.get() == {"demo": 1}
    first.end(signal.SIGTERM)

    second = checkout.start()
    assert "Loading the demo" not in second.said
    assert "planner@example.com / correct-horse" in second.said
    assert second.get() == {"demo": 1}
    second.end(signal.SIGTERM)


@pytest.mark.full
def test_a_database_that_is_up_to_date_is_not_migrated_again_until_the_code_is_another(
    checkout: Checkout,
) -> None:
    migrated = checkout.data / "log" / "migrate.log"
    checkout.start().end(signal.SIGTERM)
    migrated.unlink()

    checkout.start().end(signal.SIGTERM)
    assert not migrated.exists()

    (checkout.root / "config" / "celery.py").write_text(f"{CELERY}\n# another")
    checkout.start().end(signal.SIGTERM)
    assert migrated.exists()


@pytest.mark.full
def test_migrating_by_hand_lets_the_next_start_migrate(checkout: Checkout) -> None:
    first = checkout.start()
    checkout.execute("DELETE FROM django_migrations")
    first.end(signal.SIGTERM)
    second = checkout.start()
    announced = second.said.partition("1 migration is pending:")
    assert "Preparing the database" in announced[2], "it says what comes before it begins"
    assert re.search(r"That took \d+\.\d s; .*migrate\.log has the time of each migration\.", announced[2])
    second.end(signal.SIGTERM)

    third = checkout.start()
    assert "pending" not in third.said
    third.end(signal.SIGTERM)


@pytest.mark.full
def test_data_of_an_older_muster_are_moved_aside_and_kept(checkout: Checkout) -> None:
    older = checkout.start()
    older.get("/keep")
    checkout.execute("DROP SCHEMA launcher CASCADE")
    older.end(signal.SIGTERM)

    started = checkout.start()
    (aside,) = checkout.data.glob("postgres-*.older-*")
    assert (
        f"The data come from an older Muster, and this version cannot use them. They were moved to {aside}."
        in started.said
    )
    assert (aside / "complete").exists()
    assert started.get() == {"demo": 1}
    started.end(signal.SIGTERM)


@pytest.mark.full
def test_data_of_a_newer_muster_are_refused_and_left_as_they_are(checkout: Checkout) -> None:
    newer = checkout.start()
    newer.get("/keep")
    checkout.execute("INSERT INTO django_migrations (app, name) VALUES ('config', '0002_more')")
    newer.end(signal.SIGTERM)

    refused = checkout.call("run")
    assert refused.returncode == 1
    assert (
        "written by a newer Muster, with migrations that this one does not know: config.0002_more."
        in refused.stdout
    )
    (checkout.root / "config" / "migrations" / "0002_more.py").touch()
    started = checkout.start()
    assert started.get() == {"demo": 1, "page": 1}
    started.end(signal.SIGTERM)


@pytest.mark.full
def test_without_the_demo_a_link_for_the_first_admin_is_printed(checkout: Checkout) -> None:
    started = checkout.start(MUSTER_DEMO="0")
    assert f"First admin: http://127.0.0.1:{checkout.port}/first/token" in started.said
    assert "demo" not in checkout.children
    assert started.get() == {}
    started.end(signal.SIGTERM)


@pytest.mark.full
def test_a_killed_process_is_started_again_and_nothing_is_lost(started: Started) -> None:
    started.get("/keep")
    for name, before in started.checkout.children.items():
        os.kill(before, signal.SIGKILL)
        has_another = partial(started.has_another, name, than=before)
        assert eventually(has_another), f"{name} was not started again"
        assert eventually(lambda: started.get("/keep")), f"no page after {name} was killed"
    kept = started.get()["page"]
    started.end(signal.SIGTERM)
    assert kept >= 7
    for name in ("web", "worker", "beat", "demo", "valkey", "postgres"):
        assert f"{name} ended (SIGKILL); starting it again in 0.5 s." in started.said


def test_processes_are_forked_under_their_own_names(started: Started) -> None:
    commands = {
        name: Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0").decode()
        for name, pid in started.checkout.children.items()
    }
    for name in ("web", "worker", "beat", "demo"):
        assert commands[name] == f"muster: {name}"
    assert "postgres" in commands["postgres"]
    started.end(signal.SIGTERM)


@pytest.mark.full
def test_what_cannot_be_loaded_for_all_is_started_by_its_command(checkout: Checkout) -> None:
    (checkout.root / "config" / "shared.py").write_text("raise RuntimeError")
    started = checkout.start()
    web = Path(f"/proc/{checkout.children['web']}/cmdline").read_bytes()
    assert b"uvicorn" in web
    assert started.get() == {"demo": 1}
    started.end(signal.SIGTERM)


@pytest.mark.full
@pytest.mark.parametrize("everything", [False, True], ids=["the launcher", "everything at once"])
def test_kill_9_leaves_nothing_running_and_loses_nothing(checkout: Checkout, everything: bool) -> None:
    first = checkout.start()
    first.get("/keep")
    processes = first.descendants()
    for pid in processes if everything else {first.process.pid}:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    first.process.communicate()
    assert eventually(lambda: not living(processes)), living(processes)

    second = checkout.start()
    assert second.get() == {"demo": 1, "page": 1}
    assert second.end(signal.SIGTERM) == 0
    assert len(list(Path(checkout.data).glob("postgres-*"))) == 1


@pytest.mark.full
@pytest.mark.parametrize(
    ("phase", "then"),
    [
        ("Making the database", "An incomplete database was moved to"),
        ("Preparing the database", "Preparing the database"),
        (
            "Loading the demo",
            "An earlier start was interrupted while it loaded the demo. The demo is loaded again.",
        ),
    ],
)
def test_kill_9_in_a_phase_of_the_first_start(checkout: Checkout, phase: str, then: str) -> None:
    slow = [checkout.root / f"slow-{command}" for command in ("migrate", "load_demo")]
    for each in slow[1:] if phase == "Loading the demo" else slow:
        each.touch()
    with subprocess.Popen(
        checkout.argv("run"), cwd=ROOT, env=checkout.environment(), stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert any(line.startswith(phase) for line in first.stdout)
        # It says so before it begins.
        assert eventually(lambda: any(Path(checkout.data).glob("postgres-*")))
        first.kill()
    for each in slow:
        each.unlink(missing_ok=True)

    second = checkout.start()
    assert then in second.said
    assert second.get() == {"demo": 1}
    second.end(signal.SIGTERM)


@pytest.mark.full
def test_a_start_right_after_a_kill_9_waits_for_the_databases_to_end(checkout: Checkout) -> None:
    first = checkout.start()
    first.get("/keep")
    first.end(signal.SIGKILL)
    second = checkout.start()
    assert second.get() == {"demo": 1, "page": 1}
    second.end(signal.SIGTERM)


def test_a_second_start_says_that_one_is_running(started: Started) -> None:
    second = started.checkout.call("run")
    assert second.returncode == 1
    assert f"Muster is already running from {started.checkout.data}: {started.url}" in second.stdout
    assert started.get() == {"demo": 1}


@pytest.mark.full
def test_stop_from_another_terminal(started: Started) -> None:
    everything = started.descendants()
    assert started.checkout.call("stop").stdout == "Stopped.\n"
    assert not living(everything - {started.process.pid})
    assert "is not running" in started.checkout.call("stop").stdout


@pytest.mark.full
def test_management_commands_work_beside_a_running_muster_and_without_one(checkout: Checkout) -> None:
    started = checkout.start()
    assert checkout.call("manage", "count").stdout == "1\n"
    started.end(signal.SIGTERM)
    assert checkout.call("manage", "count").stdout == "1\n"


@pytest.mark.full
def test_a_taken_port_is_said_and_the_next_one_used(checkout: Checkout) -> None:
    with socket.socket() as other:
        with suppress(OSError):  # taken by somebody else: as good
            other.bind(("127.0.0.1", 8000))
            other.listen()
        started = checkout.start(MUSTER_PORT="")
        assert "Port 8000 is in use by another program: taking 80" in started.said
        started.end(signal.SIGTERM)


def test_a_taken_port_that_was_asked_for_is_an_error(checkout: Checkout) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", checkout.port))
        other.listen()
        done = checkout.call("run")
    assert done.returncode == 1
    assert f"Port {checkout.port} of 127.0.0.1 is in use by another program." in done.stdout


@pytest.mark.full
def test_a_failing_migration_is_shown_and_everything_stops(checkout: Checkout) -> None:
    (checkout.root / "broken").touch()
    done = checkout.call("run")
    assert done.returncode == 1
    assert "migrate failed (exit status 1)" in done.stdout
    assert "| no such column: verdict" in done.stdout
    assert not (checkout.data / "state.json").exists()


@pytest.mark.full
def test_an_interrupt_while_it_starts_stops_everything(checkout: Checkout) -> None:
    (checkout.root / "slow-migrate").touch()
    launcher = subprocess.Popen(
        checkout.argv("run"), cwd=ROOT, env=checkout.environment(), stdout=subprocess.PIPE, text=True
    )
    assert eventually(lambda: "waiting" in (checkout.data / "log" / "migrate.log").read_text())
    everything = {launcher.pid, *below(launcher.pid)}
    launcher.send_signal(signal.SIGINT)
    said, _ = launcher.communicate(timeout=60)
    assert said.endswith("Stopping ...\nStopped.\n")
    assert launcher.returncode == 0
    assert not living(everything)


@pytest.mark.full
def test_it_ends_with_the_make_that_started_it(checkout: Checkout) -> None:
    script = f"{shlex.join(checkout.argv('--end-with-parent', 'run'))} & wait"
    make = subprocess.Popen(
        ["sh", "-c", script], cwd=ROOT, env=checkout.environment(), stdout=subprocess.PIPE, text=True
    )
    assert make.stdout is not None
    assert any("Ctrl-C stops everything." in line for line in make.stdout)
    everything = below(make.pid)
    make.kill()
    make.communicate(timeout=60)
    assert len(everything) > 6
    assert eventually(lambda: not living(everything))


@pytest.mark.full
def test_a_log_that_grew_large_is_cut(checkout: Checkout) -> None:
    log = checkout.data / "log" / "web.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 5_000_001)
    started = checkout.start()
    assert eventually(lambda: log.stat().st_size < 100_000)
    assert (log.parent / "web.log.1").stat().st_size > 5_000_000
    others = {path.stat().st_mode & 0o077 for path in log.parent.glob("*.log") if path != log}
    assert others == {0}
    started.end(signal.SIGTERM)


@pytest.mark.full
def test_a_half_made_cluster_is_moved_aside(checkout: Checkout) -> None:
    checkout.call("manage", "migrate")
    (cluster,) = checkout.data.glob("postgres-*")
    (cluster / "complete").unlink()
    (cluster / "data" / "mine").touch()

    started = checkout.start()
    (aside,) = checkout.data.glob("postgres-*.incomplete-*")
    assert f"An incomplete database was moved to {aside}." in started.said
    assert (aside / "data" / "mine").exists()
    started.end(signal.SIGTERM)


@pytest.mark.full
@pytest.mark.parametrize("argv", [["sleep", "60"], ["true"]], ids=["used again", "an exit status"])
def test_a_lock_that_names_no_server_is_no_obstacle(checkout: Checkout, argv: list[str]) -> None:
    checkout.call("manage", "migrate")
    (data,) = checkout.data.glob("postgres-*/data")
    # PostgreSQL minds processes of its own account only, so this one has to be such.
    other = subprocess.Popen(argv, **run_as(unprivileged_account(owning=data)))
    if argv == ["true"]:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n1700000000\n5432\n/tmp\n\n  1234\n")

    assert checkout.call("manage", "count").stdout == "0\n"
    other.kill()
    other.wait()
