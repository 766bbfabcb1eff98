"""A small site with everything metered, and a collector that sends for it as real ones do."""

from datetime import date, timedelta

from inventory.models import Device
from readiness.assessment.evidence import operations as evidence
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, SiteScore
from readiness.demand.workloads.models import ServedRegion, UserRegion, WorkloadClass
from readiness.demo.building import SiteRows, write
from telemetry import drain, ingest, rollups, sources, store
from telemetry.operations import create_source
from telemetry.series import Memory
from tests.inventory import made
from tests.scenes import scene
from tests.telemetry.sending import STALE, columns_of

Role = Device.Role


def deliver(source, readings, *, now):
    """Take, drain and judge the source as the workers do. `readings` are (metric, labels, value, time)
    each."""
    ingest.accept(source=source, columns=columns_of(*readings), now=now)
    # Scenes of several tests have the same sources.
    drain.drain(now=now, memory=Memory())
    sources.update_states(now=now)


class Plant:
    """`send()` delivers one of everything, with `changed` values where asked; time only moves by
    `clock.move`."""

    def __init__(self, clock, *, name="Plant", cadence_s=60, **given):
        self.clock = clock
        self.name = name
        given = {"contracted_kw": 100.0, "power_step_limit_kw": 50.0, "generator_start_s": 60.0, **given}
        self.site = made.site(name=name, slug=name.lower(), owner="Ops", **given)
        self.source, _ = create_source(
            name=f"{name} collector",
            site=self.site,
            cadence_s=cadence_s,
            grace_s=cadence_s,
            by=None,
            now=clock.at,
        )
        self._equip()
        self.values = self._usual()
        self.away = set()

    def _equip(self):
        prefix, built = self.name.lower(), SiteRows(self.site)
        network, energy = (made.device_type.row(domain=domain) for domain in ("network", "energy"))
        built.rack("R1")
        self.node = built.device(f"{prefix}-node", Role.NODE, made.device_type.row(), rack="R1")
        gpu = made.device_type.row(kind="accelerator")
        self.gpus = built.accelerators(self.node.name, gpu, ("", ""))
        self.switch = built.device(f"{prefix}-leaf", Role.SWITCH, network)
        self.ports = [built.port(self.switch.name, f"eth{number}") for number in range(2)]
        legs = {leg: f"{prefix}-pdu-{leg}" for leg in "AB"}
        self.pdus = [built.device(pdu, Role.PDU, energy, rack="R1") for pdu in legs.values()]
        rating = {"rated_kw": 20, "breaker_rating_a": 32, "voltage_v": 400}
        for leg, pdu in legs.items():
            built.feed(f"R1-{leg}", rack="R1", device=pdu, leg=leg, **rating)
        self.ups = built.device(f"{prefix}-ups", Role.UPS, energy)
        self.crah = built.cooling(f"{prefix}-crah", "air", 100)
        built.capacity(date(2026, 1, 1), it_kw=80, accelerators=2)
        chat = WorkloadClass(name=f"{self.name} chat", slug=f"{prefix}-chat", latency_limit_ms=50)
        region, _ = UserRegion.objects.get_or_create(name="Iberia", slug="iberia")
        built.placement(chat, date(2026, 1, 1))
        write(built, [ServedRegion(workload_class=chat, user_region=region)])

    def _usual(self):
        """Value by (metric, object); units are the exporters'."""
        values = {("node_load1", "node"): 3.0, ("inlet", "node"): 22.0}
        for gpu in ("0", "1"):
            values["DCGM_FI_DEV_XID_ERRORS", gpu] = 0.0
            values["DCGM_FI_DEV_ROW_REMAP_FAILURE", gpu] = 0.0
            values["DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", gpu] = 0.0
            values["DCGM_FI_DEV_GPU_TEMP", gpu] = 61.0
            values["DCGM_FI_DEV_GPU_UTIL", gpu] = 80.0
        for port in ("eth0", "eth1"):
            values["node_network_carrier_down_changes_total", port] = 3.0
            values["node_network_receive_errs_total", port] = 0.0
        for leg in ("A", "B"):
            values["rPDU2DeviceStatusPower", leg] = 700.0  # hundredths of kW: 7 kW
        values["site_power_watts", ""] = 60_000.0
        values["upsBatteryStatus", ""] = 2.0
        values["upsOutputSource", ""] = 3.0
        values["upsTestResultsSummary", ""] = 1.0
        values["upsEstimatedMinutesRemaining", ""] = 20.0
        values["upsOutputPercentLoad", ""] = 55.0
        values["cooling_return_temperature_celsius", ""] = 30.0
        values["rtt", "iberia"] = 0.012
        return values

    def labels(self, metric, of):
        prefix = self.name.lower()
        if metric.startswith("DCGM"):
            return metric, {"gpu": of, "Hostname": self.node.name}
        if metric == "inlet":
            return "ipmi_temperature_celsius", {"instance": f"{self.node.name}:9290", "name": "Inlet Temp"}
        if metric == "node_load1":
            return metric, {"instance": f"{self.node.name}:9100"}
        if metric.startswith("node_network"):
            return metric, {"instance": f"{self.switch.name}:9100", "device": of}
        if metric.startswith("rPDU2"):
            return metric, {"instance": f"{prefix}-pdu-{of}"}
        if metric.startswith("ups"):
            return metric, {"instance": self.ups.name}
        if metric.startswith("cooling"):
            return metric, {"cooling_unit": self.crah.name}
        if metric == "rtt":
            return "probe_icmp_duration_seconds", {"phase": "rtt", "site": self.site.slug, "user_region": of}
        return metric, {"site": self.site.slug}

    def change(self, **values):
        """`plant.change(site_power_watts=90_000)`, `plant.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})`."""
        for metric, value in values.items():
            of_each = value if isinstance(value, dict) else {self._only(metric): value}
            for of, one in of_each.items():
                assert (metric, of) in self.values, f"the plant sends no {metric} of {of!r}"
                self.values[metric, of] = float(one)

    def _only(self, metric):
        [of] = [of for name, of in self.values if name == metric]
        return of

    def stop(self, *metrics):
        """Send these no more; no stale marker tells."""
        self.away |= set(metrics)

    def resume(self):
        self.away.clear()

    def readings(self, at):
        return [
            (*self.labels(metric, of), value, at)
            for (metric, of), value in self.values.items()
            if metric not in self.away
        ]

    def send(self, *, at=None):
        deliver(self.source, self.readings(at or self.clock.at), now=self.clock.at)

    def end(self, *metrics):
        """Stale markers for these, as a scraper sends when an exporter is gone."""
        readings = [
            (*self.labels(metric, of), STALE, self.clock.at)
            for metric, of in self.values
            if metric in metrics
        ]
        self.stop(*metrics)
        deliver(self.source, readings, now=self.clock.at)

    def run(self, minutes, *, every=1):
        """Time goes by with samples each minute, which come together; the day is measured at the end."""
        start = self.clock.at
        self.clock.move(minutes=minutes)
        readings = [
            reading
            for minute in range(every, minutes + 1, every)
            for reading in self.readings(start + timedelta(minutes=minute))
        ]
        deliver(self.source, readings, now=self.clock.at)
        rollups.roll_up(now=self.clock.at)
        self.measure()

    def measure(self):
        evidence.measure(now=self.clock.at)

    def evaluate(self):
        scoring.evaluate(site_ids=[self.site.pk], now=self.clock.at)
        return self

    def check(self, check_id):
        return CheckResult.objects.get(site=self.site, check_id=check_id)

    def state(self, check_id):
        return self.check(check_id).state

    def part(self, check_id, part_id):
        return next(part for part in self.check(check_id).parts if part["part"] == part_id)

    def health(self, domain):
        return DomainHealth.objects.get(site=self.site, domain=domain)

    @property
    def score(self):
        return SiteScore.objects.get(site=self.site)

    def flips(self, subject="check", key=None):
        """(key, from, to) of each, oldest first."""
        found = Flip.objects.filter(site=self.site, subject=subject).order_by("at", "id")
        if key is not None:
            found = found.filter(key=key)
        return [(flip.key, flip.from_state, flip.to_state) for flip in found]

    def flip(self, key, to_state):
        return Flip.objects.filter(site=self.site, key=key, to_state=to_state).latest("at", "id")


@scene()
def half_an_hour(clock):
    """The plant after half an hour in which all was well."""
    store.keep_partitions(now=clock.at)
    plant = Plant(clock)
    plant.run(30)
    return plant.evaluate()
