"""iperf3 `-J`: the received rate, not only the sent one. An error in the document refuses the file and never counts as
zero."""

from collections.abc import Iterator
from dataclasses import replace

from readiness.evidence.core.documents import (
    Json,
    instant,
    is_loopback,
    json_below,
    text_of,
    tidy,
    without_secrets,
)
from readiness.evidence.core.parsed import END_UNKNOWN, Figure, Parsed, converted


def parse(content: bytes) -> Parsed:
    notes, text = json_below(text_of(content), "run iperf3 with -J")
    document = Json.of(text)
    error = document.get("error")
    if error is not None:
        error.refuse(f"iperf3 reports an error: {tidy(error.value)}")
    start, end = document.need("start"), document.need("end")
    figures = tuple(_figures(start, end))
    hosts, loopback = _ends(start)
    return Parsed(
        tool="iperf3",
        figures=figures,
        kept=without_secrets(text, document.value),
        versions=(("iperf3", start.text("version").removeprefix("iperf ")),),
        hosts=hosts,
        taken_at=instant(start.within("timestamp").optional_number("timesecs")),
        loopback=loopback,
        warnings=tuple(notes),
    )


def _figures(start: Json, end: Json) -> Iterator[Figure]:
    test = start.within("test_start")
    received = end.get("sum_received") or end.need("sum")
    is_sent = end.get("sum_received") is None and received.optional_number("lost_percent")
    rate = received.number("bits_per_second")
    bandwidth = Figure(
        name="bandwidth",
        value=converted(rate, "b/s", "Gb/s") or 0.0,
        unit="Gb/s",
        operation=test.text("protocol").lower(),
        streams=test.optional_whole("num_streams"),
        size_bytes=test.optional_whole("blksize"),
        caution="This version gives the rate that was sent, and a part of it was lost." if is_sent else "",
    )
    if rate <= 0:
        received.need("bits_per_second").refuse("Nothing was received: the run measured nothing.")
    yield bandwidth
    if bandwidth.operation == "udp":
        packets = received.optional_whole("packets")
        for key, name, unit in (("jitter_ms", "jitter", "ms"), ("lost_percent", "loss", "%")):
            if (value := received.optional_number(key)) is not None:
                yield replace(bandwidth, name=name, value=value, unit=unit, samples=packets, caution="")
        return
    if (retransmits := end.within("sum_sent").optional_number("retransmits")) is not None:
        yield replace(bandwidth, name="retransmits", value=retransmits, unit="")
    senders = [sender for stream in end.listed("streams") if (sender := stream.get("sender")) is not None]
    for key, name in (("mean_rtt", "round_trip_average"), ("max_rtt", "round_trip_max")):
        values = [value for sender in senders if (value := sender.optional_number(key)) is not None]
        # iperf3 writes 0 if the system does not provide the value.
        if values and max(values) > 0:
            yield replace(bandwidth, name=name, value=max(values), unit="µs")


def _ends(start: Json) -> tuple[tuple[str, ...], str]:
    hosts: list[str] = []
    same = []
    for pair in start.listed("connected"):
        local, remote = pair.text("local_host"), pair.text("remote_host")
        hosts += [host for host in (local, remote) if host]
        if remote:
            same.append(local == remote or is_loopback(remote))
    loopback = "Both ends were one machine: the run crossed no network." if all(same) else ""
    return tuple(dict.fromkeys(hosts)), loopback if same else END_UNKNOWN
