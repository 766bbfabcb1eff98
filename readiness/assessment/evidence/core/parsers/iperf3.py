"""iperf3 `-J`: the received rate, not only the sent one. An error in the document refuses the file and never counts as
zero."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from readiness.assessment.evidence.core.documents import (
    Json,
    instant,
    is_loopback,
    json_below,
    storable_bytes,
    text_of,
    tidy,
)
from readiness.assessment.evidence.core.parsed import DURATION, END_UNKNOWN, Figure, Parsed, converted
from readiness.assessment.evidence.core.recomputing import differ, disagreement, first_of

TIMES_APART_S = 0.1
"""The times of the two ends may differ by this: some versions divide the bytes of one by the seconds of the other."""
LEAST_DIFFERENCE = 0.01
"""Share by which sums must differ: an interval may end a little before or after the packets that it counts."""


def parse(content: bytes) -> Parsed:
    notes, text = json_below(text_of(content), "run iperf3 with -J")
    document = Json.parse(text)
    error = document.get("error")
    if error is not None:
        error.refuse(f"iperf3 reports an error: {tidy(error.value)}")
    start, end = document.need("start"), document.need("end")
    figures = tuple(_figures(start, end))
    hosts, loopback = _ends(start)
    return Parsed(
        tool="iperf3",
        figures=figures,
        content=storable_bytes(text, document.value),
        versions=(("iperf3", start.text("version").removeprefix("iperf ")),),
        hosts=hosts,
        taken_at=instant(start.child("timestamp").optional_number("timesecs")),
        loopback=loopback,
        contradiction=first_of(_contradictions(end, document.listed("intervals"))),
        warnings=tuple(notes),
    )


def _figures(start: Json, end: Json) -> Iterator[Figure]:
    test = start.child("test_start")
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
    if (seconds := received.optional_number("seconds")) is not None:
        yield replace(bandwidth, name=DURATION, value=seconds, unit="s", caution="")
    if bandwidth.operation == "udp":
        packets = received.optional_whole("packets")
        for key, name, unit in (("jitter_ms", "jitter", "ms"), ("lost_percent", "loss", "%")):
            if (value := received.optional_number(key)) is not None:
                yield replace(bandwidth, name=name, value=value, unit=unit, samples=packets, caution="")
        return
    if (retransmits := end.child("sum_sent").optional_number("retransmits")) is not None:
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


def _contradictions(end: Json, intervals: Sequence[Json]) -> Iterator[str]:
    counts = {name: end.child(name) for name in ("sum", "sum_sent", "sum_received") if end.get(name)}
    for name, total in counts.items():
        yield from _count_disagreements(name, total)
    for number, stream in enumerate(end.listed("streams"), start=1):
        for side in ("sender", "receiver", "udp"):
            yield from _count_disagreements(f"{side} of stream {number}", stream.child(side))
    for number, interval in enumerate(intervals, start=1):
        for each in (interval.child("sum"), *interval.listed("streams")):
            yield from _count_disagreements(f"interval {number}", each)
    if end.get("sum_sent_bidir_reverse") is None:
        yield from _stream_disagreements(end, counts)
    measured = [each.child("sum") for each in intervals if each.get("sum") is not None]
    yield from _interval_disagreements(
        [each for each in measured if not _is_omitted(each)], list(counts.values())
    )


def _is_omitted(interval: Json) -> bool:
    omitted = interval.get("omitted")
    return omitted is not None and omitted.value is True


def _count_disagreements(what: str, part: Json) -> Iterator[str]:
    """Bits are bytes over seconds, and the share of lost packets is the lost ones over all."""
    size, seconds, rate = (part.optional_number(key) for key in ("bytes", "seconds", "bits_per_second"))
    if size is not None and rate is not None and seconds and seconds > 0:
        expected = size * 8 / seconds
        if differ(rate, expected, expected * (LEAST_DIFFERENCE + TIMES_APART_S / seconds)):
            yield disagreement(f"rate ({what})", f"{rate:.6g} b/s", f"{expected:.6g} b/s")
    lost, packets, percent = (
        part.optional_number(key) for key in ("lost_packets", "packets", "lost_percent")
    )
    if lost is not None and percent is not None and packets and packets > 0:
        expected = 100 * lost / packets
        if differ(percent, expected, 100 / packets + LEAST_DIFFERENCE * expected):
            yield disagreement(f"loss ({what})", f"{percent:.3g} %", f"{expected:.3g} %")


def _stream_disagreements(end: Json, counts: Mapping[str, Json]) -> Iterator[str]:
    for name, side in (("sum_sent", "sender"), ("sum_received", "receiver")):
        parts = [part for stream in end.listed("streams") if (part := stream.get(side)) is not None]
        for key, unit in (("bytes", "B"), ("bits_per_second", "b/s")):
            values = [part.optional_number(key) for part in parts]
            total = counts[name].optional_number(key) if name in counts else None
            if total is None or not values or None in values:
                continue
            expected = sum(value for value in values if value is not None)
            if differ(total, expected, LEAST_DIFFERENCE * expected):
                yield disagreement(f"{key} of {name}", f"{total:.6g} {unit}", f"{expected:.6g} {unit}")


def _interval_disagreements(intervals: Sequence[Json], sums: Sequence[Json]) -> Iterator[str]:
    """Intervals cover the whole time, and hold the bytes of either end; the last may be missing."""
    for key, unit in (("seconds", "s"), ("bytes", "B")):
        values = [interval.optional_number(key) for interval in intervals]
        totals = [total for each in sums if (total := each.optional_number(key)) is not None]
        parts = [value for value in values if value is not None]
        if not totals or not parts or len(parts) < len(values):
            continue
        expected = sum(parts)
        if all(differ(total, expected, max(parts) + LEAST_DIFFERENCE * expected) for total in totals):
            yield disagreement(f"{key} of the run", f"{totals[-1]:.6g} {unit}", f"{expected:.6g} {unit}")
