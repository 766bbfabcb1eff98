"""Homes: the region or site to which something belongs that serves several sites, such as a rotation or a team."""

from django.db import models
from django.db.models import Q

from inventory.models.places import Region, Site
from web.scopes import among


class Homed(models.Model):
    """Something of one region, of one site, or, without either, of the whole installation.

    Users with scopes write it where its home lies within them: a model sets `WRITABLE_WHERE = home_within(table)`. What
    is of the whole installation is written by users without scopes.
    """

    home_region = models.ForeignKey(
        Region,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="home region",
        help_text="Whose it is. Without a home region or home site it is of the whole installation.",
    )
    home_site = models.ForeignKey(
        Site,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="home site",
        help_text="In place of a region, where it is of one site.",
    )
    is_home_chosen = models.BooleanField(
        "home chosen",
        default=True,
        help_text="Off: an upgrade found no region of all its sites. Choose a home, or tick this to leave it without.",
    )

    class Meta:
        abstract = True

    @property
    def home(self) -> Region | Site | None:
        return self.home_region or self.home_site


def one_home(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(home_region=None) | Q(home_site=None),
        name=name,
        violation_error_message="A home is a region or a site, not both.",
    )


def home_within(table: str) -> str:
    """A condition in SQL that the home of a row lies within the scope of the session."""
    region = among("muster.regions", f"{table}.home_region_id")
    return f"{region} OR {among('muster.sites', f'{table}.home_site_id')}"


def home_is_open() -> Q:
    """A condition for what an upgrade left without a home, because it could not tell."""
    return Q(is_home_chosen=False, home_region=None, home_site=None)
