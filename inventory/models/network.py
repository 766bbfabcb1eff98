"""Ports and the links between them, within a site and between sites."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from inventory.models import triggers
from inventory.models.constraints import SameSite, choices_held
from inventory.models.hardware import Device, site_of_device
from inventory.models.places import Site


class PortQuerySet(models.QuerySet["Port"]):
    def active(self) -> "PortQuerySet":
        return self.filter(status=Port.Status.ACTIVE, device__status=Device.Status.ACTIVE)


@choices_held
class Port(models.Model):
    HISTORY = True
    VISIBLE_BY = ("site",)  # that of the device

    class Kind(models.TextChoices):
        ETHERNET = "ethernet", "Ethernet"
        ROCE = "roce", "RoCE"
        INFINIBAND = "infiniband", "InfiniBand"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DISABLED = "disabled", "Disabled"

    device = models.ForeignKey(
        verbose_name="device", to=Device, on_delete=models.CASCADE, related_name="ports", db_index=False
    )
    site = site_of_device()
    name = models.CharField(
        "name", max_length=64, help_text="As the exporter's label says it: eth0, mlx5_0, Ethernet1/1"
    )
    kind = models.CharField("kind", max_length=16, choices=Kind, default=Kind.ETHERNET)
    speed_gbps = models.FloatField("speed", null=True, blank=True, help_text="Line rate, Gb/s")
    back_end = models.BooleanField(
        "back end", default=False, help_text="Part of the accelerators' own fabric"
    )
    status = models.CharField("status", max_length=16, choices=Status, default=Status.ACTIVE)

    objects = PortQuerySet.as_manager()

    class Meta:
        verbose_name = "port"
        verbose_name_plural = "ports"
        ordering = ["device", "name", "id"]
        constraints = [
            # Serves look-ups by device too, so that column has no index of its own.
            models.UniqueConstraint(fields=["device", "name"], name="port_unique_in_device"),
            models.CheckConstraint(
                condition=Q(speed_gbps__isnull=True) | Q(speed_gbps__gt=0), name="port_speed_positive"
            ),
            SameSite(field="device", name="port_at_site_of_device", follows=True),
        ]
        triggers = [
            *triggers.claims(triggers.OWN_SITE),
            triggers.site_of_device(),
            triggers.link_ends_of_moved_ports(),
        ]

    def __str__(self) -> str:
        return f"{self.device} {self.name}"


@choices_held
class Link(models.Model):
    """A cable or circuit. Inside a site both ends are ports; between sites the ports may be unknown."""

    HISTORY = True
    HISTORY_LASTS = True
    VISIBLE_BY = ("site_a", "site_b")  # the ports are there

    class Kind(models.TextChoices):
        FABRIC = "fabric", "Fabric"
        FRONT_END = "front-end", "Front end"
        WAN = "wan", "Between sites"

    name = models.CharField("name", max_length=100)
    kind = models.CharField("kind", max_length=16, choices=Kind, default=Kind.FABRIC)
    site_a = models.ForeignKey(
        verbose_name="first site",
        to=Site,
        on_delete=models.CASCADE,
        related_name="links_from",
        db_index=False,
    )
    site_b = models.ForeignKey(
        verbose_name="second site", to=Site, on_delete=models.CASCADE, related_name="links_to"
    )
    port_a = models.ForeignKey(
        verbose_name="first port",
        to=Port,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="links_from",
    )
    port_b = models.ForeignKey(
        verbose_name="second port",
        to=Port,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="links_to",
    )
    capacity_gbps = models.FloatField("capacity", null=True, blank=True, help_text="Gb/s")
    design_latency_ms = models.FloatField(
        "design latency", null=True, blank=True, help_text="Round trip the link was designed for, ms"
    )
    provider = models.CharField("provider", max_length=100, blank=True)

    class Meta:
        verbose_name = "link"
        verbose_name_plural = "links"
        ordering = ["name", "id"]
        constraints = [
            # Serves look-ups by first site too, so that column has no index of its own.
            models.UniqueConstraint(fields=["site_a", "name"], name="link_unique_in_site"),
            models.CheckConstraint(
                condition=Q(port_a__isnull=True) | Q(port_b__isnull=True) | ~Q(port_a=F("port_b")),
                name="link_ends_differ",
                violation_error_message="Both ends are the same port.",
            ),
            models.CheckConstraint(
                condition=Q(kind="wan")
                | (Q(site_a=F("site_b")) & Q(port_a__isnull=False) & Q(port_b__isnull=False)),
                name="link_inside_site_has_ports",
                violation_error_message=(
                    "A link inside a site has two ports at that site; one between sites is of the kind wan."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(kind="wan") | ~Q(site_a=F("site_b")),
                name="link_between_sites_differ",
                violation_error_message="A link between sites has two different sites.",
            ),
            models.CheckConstraint(
                condition=Q(capacity_gbps__isnull=True) | Q(capacity_gbps__gt=0),
                name="link_capacity_positive",
            ),
            models.CheckConstraint(
                condition=Q(design_latency_ms__isnull=True) | Q(design_latency_ms__gt=0),
                name="link_latency_positive",
            ),
        ]
        triggers = [*triggers.claims(triggers.BOTH_SITES), *triggers.link_ends()]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The database enforces this too (inventory.models.triggers); here the error names the field."""
        ends = {"port_a": (self.port_a, self.site_a_id), "port_b": (self.port_b, self.site_b_id)}
        strays = [
            name
            for name, (port, site_id) in ends.items()
            if port is not None and port.device.site_id != site_id
        ]
        if strays:
            raise ValidationError(dict.fromkeys(strays, "This port is at another site than the link states."))
