"""Files of the agent: settings and lists of targets; what is wrong is told with its place."""

import asyncio
import json
import os
import ssl

import pytest

from agent.discovery import TargetLists
from agent.documents import UnreadableFile, read_document, write_durably
from agent.muster_address import MusterAddress
from agent.settings import ScrapeJob, read_settings
from agent.targets import BadTarget, targets_of_groups, targets_of_job
from tests.agent.servers import open_server, response, settings_of

GOOD = """
muster: https://muster.example.org/
token_file: /etc/muster-agent/token
networks: [10.0.0.0/8, "fd00::/8"]
buffer: {folder: /var/lib/muster-agent}
jobs:
  - name: node
    targets: ["gpu-01:9100"]
"""


@pytest.mark.parametrize(
    ("changed", "to", "fault"),
    [
        ("https://muster.example.org/", "muster.example.org", "muster: write the address as https://host"),
        ("https://muster.example.org/", "https://u:p@muster", "muster: write the address as https://host"),
        ("https://muster.example.org/", "https://muster:99999", "muster: 'muster:99999' is no host:port"),
        ("https://muster.example.org/", "https://10.0.0.256", "muster: '10.0.0.256' is no host:port"),
        ("https://muster.example.org/", "https://muster..org", "muster: 'muster..org' is no host:port"),
        ("https://muster.example.org/", "https://[fd00]:9", "muster: "),
        ("token_file", "token", "token_file: Field required"),
        ("[10.0.0.0/8, ", "[10.0.0.0/8, everywhere, ", "networks.1"),
        ('[10.0.0.0/8, "fd00::/8"]', "[]", "networks: Tuple should have at least 1 item"),
        ("name: node", 'name: ""', "jobs.0.name"),
        ("    targets", "    interval_s: 5\n    targets", "jobs.0: timeout_s is longer than interval_s"),
        ("    targets", "    every: 5\n    targets", "jobs.0.every: Extra inputs are not permitted"),
        (
            '    targets: ["gpu-01:9100"]',
            "    scheme: http",
            "jobs.0: a job needs targets, files or from_muster",
        ),
        ("jobs:", "labels: {a-b: c}\njobs:", "labels: 'a-b' is no name of a label"),
        ("jobs:", "labels: &x {a: b}\nlimits: *x\njobs:", "line 7 holds an alias"),
        ("jobs:", "jobs: [", "is no YAML"),
    ],
)
def test_a_fault_of_the_settings_names_its_field(tmp_path, changed, to, fault):
    path = tmp_path / "agent.yaml"
    path.write_text(GOOD)
    assert read_settings(path).muster == "https://muster.example.org"
    path.write_text(GOOD.replace(changed, to))
    with pytest.raises(UnreadableFile) as raised:
        read_settings(path)
    assert f"{path}: " in str(raised.value)
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [(b"\xff", "no UTF-8"), (b"[" * 30, "nested too deeply"), (b"- a: b: c", "is no YAML")],
)
def test_a_file_that_is_no_document_is_told(tmp_path, content, fault):
    path = tmp_path / "list.yaml"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=fault):
        read_document(path)
    with pytest.raises(UnreadableFile, match="No such file"):
        read_document(tmp_path / "missing.yaml")


NODE = ScrapeJob(name="node", targets=("gpu-01:9100", "[fd00::1]:9100", "gpu-02"), labels={"rack": "R1"})


def test_targets_of_a_job_have_its_labels():
    first, second, third = targets_of_job(NODE)
    assert first.url == "http://gpu-01:9100/metrics"
    assert dict(first.labels) == {"job": "node", "instance": "gpu-01:9100", "rack": "R1"}
    assert (second.host, second.url) == ("fd00::1", "http://[fd00::1]:9100/metrics")
    assert (third.host, third.port) == ("gpu-02", 80)


def test_labels_of_a_group_say_how_it_is_scraped():
    labels = {
        "__scheme__": "https",
        "__metrics_path__": "/probe",
        "__param_module": "icmp & dns",
        "__scrape_interval__": "1m",
        "__scrape_timeout__": "90s",
        "__meta_rack": "left out",
        "job": "probe",
        "rack": 7,
    }
    [target] = targets_of_groups([{"targets": ["edge:9115"], "labels": labels}], NODE)
    assert target.url == "https://edge:9115/probe?module=icmp+%26+dns"
    assert (target.interval_s, target.timeout_s) == (60, 60)
    assert dict(target.labels) == {"job": "probe", "instance": "edge:9115", "rack": "7"}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({}, "is no list of groups"),
        ([{"targets": ["a:1"]}, []], "group 2: has no list of targets"),
        ([{"targets": "a:1"}], "has no list of targets"),
        ([{"targets": ["a:1"], "labels": [1]}], "labels are no short mapping"),
        ([{"targets": ["http://a:1/metrics"]}], "is no host:port"),
        ([{"targets": ["a:1/metrics"]}], "is no host:port"),
        ([{"targets": ["me@a:1"]}], "is no host:port"),
        ([{"targets": ["a:x"]}], "is no host:port"),
        ([{"targets": ["a:70000"]}], "is no host:port"),
        ([{"targets": ["a b:1"]}], "is no host:port"),
        ([{"targets": [""]}], "is no host:port"),
        ([{"targets": ["[]:1"]}], "is no host:port"),
        ([{"targets": ["10.0.0.300:1"]}], "is no host:port"),
        ([{"targets": [None]}], "is no host:port"),
        ([{"targets": ["a:1"], "labels": {"__scheme__": "file"}}], "not http or https"),
        ([{"targets": ["a:1"], "labels": {"__metrics_path__": "m\r\nX: y"}}], "is no path"),
        ([{"targets": ["a:1"], "labels": {"__scrape_interval__": "0s"}}], "not a duration"),
        ([{"targets": ["a:1"], "labels": {"__scrape_interval__": "2d"}}], "not a duration"),
    ],
)
def test_a_bad_group_is_refused_by_its_number(document, fault):
    with pytest.raises(BadTarget, match=fault):
        targets_of_groups(document, NODE)


def test_lists_are_read_again_and_a_damaged_one_counts_as_it_was(tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps([{"targets": ["a:1", "b:1", "a:1"]}]))
    (folder / "b.yaml").write_text("- targets: ['c:1']\n")
    jobs = [{"name": "node", "files": [f"{folder}/*.json", f"{folder}/*.yaml"]}]
    lists = TargetLists(settings_of(tmp_path, jobs=jobs, limits={"targets": 4}))
    assert [target.authority for target in lists.read()] == ["a:1", "b:1", "c:1"]
    (folder / "a.json").write_text("[{")
    assert [target.authority for target in lists.read()] == ["a:1", "b:1", "c:1"]
    assert list(lists.faults) == [f"job node, {folder}/a.json"]
    (folder / "a.json").unlink()
    (folder / "b.yaml").write_text("- targets: ['c:1', 'd:1', 'e:1', 'f:1', 'g:1']\n")
    assert [target.authority for target in lists.read()] == ["c:1", "d:1", "e:1", "f:1"]
    assert list(lists.faults.values()) == ["5 targets, more than 4: the rest is left out"]


def test_a_list_is_on_disk_before_it_replaces_the_one_before(tmp_path, monkeypatch):
    synced_files, sync = [], os.fsync

    def fsync(number):
        synced_files.append((os.readlink(f"/proc/self/fd/{number}"), (tmp_path / "list.json").exists()))
        sync(number)

    monkeypatch.setattr(os, "fsync", fsync)
    write_durably(tmp_path / "list.json", b"[]")
    assert synced_files == [(f"{tmp_path}/list.new", False), (f"{tmp_path}", True)]
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"[]"]


def test_the_list_of_muster_outlasts_its_absence_and_the_agent(tmp_path):
    """Before the first answer there is no target; a refused or damaged answer leaves the list as it was."""
    groups = [
        {"targets": ["a:1"], "labels": {"job": "dcgm", "rack": "A\x7f😀", "__scrape_interval__": "30s"}}
    ]
    answers = iter(
        [
            response(body=json.dumps(groups, ensure_ascii=False).encode()),
            response("403 Forbidden", b"This token serves several sites."),
            response(body=b"[{"),
            response(body=b'[{"targets": ["not an address"]}]'),
        ]
    )
    heads = []

    def answer(head, body):
        heads.append(head)
        return next(answers)

    async def run():
        async with open_server(answer) as port:
            settings = settings_of(
                tmp_path, muster=f"http://127.0.0.1:{port}", jobs=[{"name": "listed", "from_muster": True}]
            )
            settings.buffer.folder.mkdir()
            muster = MusterAddress(settings.muster, settings.token_file, ssl.create_default_context())
            lists, faults = TargetLists(settings), []
            assert lists.read() == []
            for _ in range(4):
                await lists.muster_list.fetch(muster)
                [target] = lists.read()
                faults.append(*lists.faults.values() or [""])
            return target, faults, TargetLists(settings).read()

    target, faults, after_restart = asyncio.run(run())
    assert (target.url, target.interval_s, dict(target.labels)["job"]) == ("http://a:1/metrics", 30, "dcgm")
    assert after_restart == [target]
    assert heads[0].startswith("GET /api/telemetry/agent-targets/ HTTP/1.1")
    assert [fault.partition(":")[0] for fault in faults] == [
        "",
        "403 'This token serves several sites.'",
        "Muster's list is no JSON",
        "group 1",
    ]
