"""The agent runs the commands that report Slurm, within bounds, and sends what they print."""

import asyncio
import fcntl
import gzip
import ssl
import sys
import time
from random import Random

import pytest

from agent import clock
from agent.disk_buffer import DiskBuffer
from agent.figures import AgentFigures
from agent.muster_address import MusterAddress
from agent.running import Agent
from agent.settings import SlurmSettings
from agent.slurm_reports import SlurmReporter
from tests.agent.servers import open_server, response, settings_of
from tests.agent.test_running import run_until

REPORT = b'{"nodes": []}'


def python(code):
    return (sys.executable, "-c", f"import sys; {code}")


def report(tmp_path, *commands, answers=(), **limits):
    """Run each command once for each answer; returns how often a report failed, and what arrived."""
    requests, replies = [], iter(answers or [response("204 No Content")] * 9)

    def answer(head, body):
        requests.append((head, gzip.decompress(body)))
        return next(replies)

    async def run():
        async with open_server(answer) as port:
            settings = settings_of(tmp_path, muster=f"http://127.0.0.1:{port}")
            muster = MusterAddress(settings.muster, settings.token_file, ssl.create_default_context())
            figures = AgentFigures()
            reporter = SlurmReporter(SlurmSettings(commands=commands, **limits), muster, figures)
            for _ in answers or (1,):
                await reporter.report()
            return figures.failed_reports

    return asyncio.run(run()), requests


def test_what_each_command_prints_is_sent(tmp_path):
    failures, requests = report(
        tmp_path, python(f"print({REPORT.decode()!r})"), python("print('{\"jobs\": []}')")
    )
    assert failures == 0
    assert [body.strip() for _, body in requests] == [REPORT, b'{"jobs": []}']
    head = requests[0][0]
    assert head.startswith("POST /api/telemetry/import/ HTTP/1.1")
    assert "Content-Type: application/json" in head
    assert "Authorization: Bearer a-token" in head


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        pytest.param(("/no/such/program",), "cannot be run", id="missing"),
        pytest.param(("nul\0",), "cannot be run", id="no name of a program"),
        pytest.param(
            python("sys.exit('slurm_load_node: down')"), "ends with status 1: 'slurm_load", id="fails"
        ),
        pytest.param(python("sys.stdout.write('x' * 2**21)"), "prints more than 1 MB", id="prints too much"),
        pytest.param(python("import time; time.sleep(60)"), "takes longer than 0.5 s", id="hangs"),
        pytest.param(
            python("import time; sys.stderr.write('x' * 2**21); time.sleep(60)"),
            "takes longer",
            id="complains",
        ),
        pytest.param(
            python(
                "import subprocess, time; subprocess.Popen(['sleep', '20'], start_new_session=True); time.sleep(60)"
            ),
            "takes longer",
            id="leaves a child behind",
        ),
    ],
)
def test_a_command_that_fails_is_told_and_the_next_one_runs(tmp_path, caplog, command, fault):
    started_s = time.monotonic()
    failures, requests = report(
        tmp_path,
        command,
        python("print('{}')"),
        megabytes=1,
        timeout_s=0.5 if "sleep" in command[-1] else 20,
    )
    assert (failures, len(requests)) == (1, 1)
    assert fault in caplog.text
    assert time.monotonic() - started_s < 15


def test_what_a_killed_command_started_ends_too(tmp_path):
    """The child of the command has a lock until it ends."""
    lock = tmp_path / "lock"
    child = "import fcntl, time; fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX); time.sleep(60)"
    command = (
        "import subprocess, time;"
        f" subprocess.Popen([sys.executable, '-c', {f'import sys; {child}'!r}, sys.argv[1]]); time.sleep(60)"
    )
    started_s = time.monotonic()
    report(tmp_path, (*python(command), str(lock)), timeout_s=2)
    assert lock.exists()
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
    assert time.monotonic() - started_s < 30


def test_the_agent_sends_reports_beside_what_it_scrapes(tmp_path):
    async def run():
        arrived, paths = asyncio.Event(), []

        def answer(head, body):
            paths.append(head.split()[1])
            arrived.set()
            return response("204 No Content")

        async with open_server(answer) as port:
            settings = settings_of(
                tmp_path,
                muster=f"http://127.0.0.1:{port}",
                jobs=[],
                slurm={"commands": [python("print('{}')")]},
            )
            buffer = DiskBuffer(settings.buffer.folder, max_bytes=1 << 20)
            agent = Agent(
                settings, buffer, instance="edge", tls=ssl.create_default_context(), now_ms=clock.now_ms,
                random=Random(1),
            )  # fmt: skip
            await run_until(agent, arrived)
            buffer.close()
        return paths

    assert asyncio.run(run())[0] == "/api/telemetry/import/"


def test_a_fault_is_logged_once_until_it_ends(tmp_path, caplog):
    refusal = response("400 Bad Request", b'{"detail": "nodes[3].state is a number"}')
    failures, requests = report(
        tmp_path, python("print('{}')"), answers=[refusal, refusal, response("204 No Content")]
    )
    assert (failures, len(requests)) == (2, 3)
    assert caplog.text.count("nodes[3].state is a number") == 1
    assert "is sent again" in caplog.text
