"""The agent as a whole: it scrapes by its clock, and what it scraped arrives although Muster and the agent go away."""

import asyncio
import json
import ssl
import subprocess
import sys
from pathlib import Path
from random import Random

from agent import clock
from agent.__main__ import main
from agent.disk_buffer import DiskBuffer
from agent.running import Agent, following_scrape_ms, next_scrape_ms, scrapes_missed
from agent.settings import ScrapeJob
from agent.targets import targets_of_job
from telemetry.core.labels import labels_of
from tests.agent.servers import open_server, response, settings_of
from tests.agent.test_remote_write import read

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"node_load1 3\nload 1 is 3\n"
FORBIDDEN = {
    "django",
    "rest_framework",
    "celery",
    "psycopg",
    "redis",
    "web",
    "accounts",
    "inventory",
    "readiness",
}


def test_scrapes_are_spread_and_stay_where_they_are():
    targets = [*targets_of_job(ScrapeJob(name="node", targets=tuple(f"gpu-{n}:9100" for n in range(50))))]
    first = [next_scrape_ms(target, 1_000_000) for target in targets]
    assert all(1_000_000 < at_ms <= 1_015_000 for at_ms in first)
    assert len({at_ms // 1000 for at_ms in first}) > 8
    for target, at_ms in zip(targets, first, strict=True):
        assert next_scrape_ms(target, at_ms) == at_ms + 15_000
        assert next_scrape_ms(target, at_ms + 14_999) == at_ms + 15_000
        assert following_scrape_ms(target, at_ms, at_ms - 5) == at_ms + 15_000
        assert following_scrape_ms(target, at_ms, at_ms - 86_400_000) == at_ms - 86_385_000
        assert scrapes_missed(target, at_ms, at_ms + 15_000) == 0
        assert scrapes_missed(target, at_ms, at_ms + 45_000) == 2


def run_until(agent, condition):
    """Run until the condition is set by what the agent calls."""

    async def both():
        stop = asyncio.Event()
        work = asyncio.create_task(agent.run(stop))
        await asyncio.wait([work, asyncio.create_task(condition.wait())], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await work

    return both()


def test_what_was_scraped_arrives_once_muster_is_back(tmp_path, caplog):
    """Muster is away while the first agent works; a second one sends what that left, and goes on."""
    scraped, received, sent_by = [], [], set()

    def agent_on(settings):
        buffer = DiskBuffer(settings.buffer.folder, max_bytes=1 << 20)
        return buffer, Agent(
            settings,
            buffer,
            instance="edge",
            tls=ssl.create_default_context(),
            now_ms=clock.now_ms,
            random=Random(1),
        )

    async def run():
        was_scraped, has_arrived = asyncio.Event(), asyncio.Event()

        def target(head, body):
            scraped.append(head)
            # Each of the two is scraped again only once its first scrape is over.
            if len(scraped) > 2:
                was_scraped.set()
            return response(body=TEXT, Content_Type="text/plain")

        def muster(head, body):
            received.extend((labels_of(key), value) for key, _, value in read(body))
            names = [labels["__name__"] for labels, _ in received]
            # On a busy machine a scrape may come to its time; there is a next one.
            sent_by.update(labels["instance"] for labels, _ in received if labels["__name__"] == "node_load1")
            if names.count("up") >= 2 and len(sent_by) == 2 and "muster_agent_targets" in names:
                has_arrived.set()
            return response("204 Taken")

        async with open_server(target) as port:
            targets = [f"127.0.0.1:{port}", f"localhost:{port}"]
            job = {"name": "node", "targets": targets, "interval_s": 1, "timeout_s": 1}
            common = {"jobs": [job], "labels": {"site": "porto"}, "write_s": 0.1}
            buffer, first = agent_on(settings_of(tmp_path, **common))
            await run_until(first, was_scraped)
            assert buffer.waiting_bytes > 0
            buffer.close()
            async with open_server(muster) as muster_port:
                buffer, second = agent_on(
                    settings_of(tmp_path, muster=f"http://127.0.0.1:{muster_port}", **common)
                )
                await run_until(second, has_arrived)
                buffer.close()

    asyncio.run(run())
    names = {labels["__name__"] for labels, _ in received}
    assert {"node_load1", "up", "scrape_duration_seconds", "scrape_samples_scraped"} <= names
    assert all(labels["site"] == "porto" for labels, _ in received)
    assert "Accept: text/plain" in scraped[0]
    for address in sent_by:
        assert f"http://{address}/metrics: some lines are no samples: line 2" in caplog.text


def test_the_check_prints_targets_and_faults(tmp_path, capsys):
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "list.json").write_text(json.dumps([{"targets": ["gpu-01:9100"]}]))
    config = tmp_path / "agent.yaml"
    config.write_text(f"""
muster: https://muster.example.org
token_file: {tmp_path}/token
networks: [10.0.0.0/8]
buffer: {{folder: {tmp_path}/buffer}}
jobs: [{{name: node, files: ["{tmp_path}/*.json"]}}]
""")
    assert main(["--config", str(config), "--check"]) == 0
    assert "http://gpu-01:9100/metrics every 15 s" in capsys.readouterr().out
    (tmp_path / "list.json").write_text("{}")
    assert main(["--config", str(config), "--check"]) == 1
    config.write_text("muster: 5")
    assert main(["--config", str(config)]) == 2
    assert "muster: write the address" in capsys.readouterr().err


def test_the_agent_needs_no_muster():
    program = "import sys, agent.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert FORBIDDEN & set(done.stdout.split()) == set()
