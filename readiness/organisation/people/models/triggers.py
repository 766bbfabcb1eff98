"""Triggers: which sites are evaluated again when people or their skills change, of which rotations the shifts are
written again, and how long what people learned lasts."""

from functools import partial

import pgtrigger

from inventory.models import triggers
from inventory.models.triggers import CLAIM_NAMES, ROWS, PerStatement

claims = partial(triggers.claims, origin="record")
ITS_SITE = triggers.OWN_SITE
ITS_ROTATION = "SELECT rotation_id FROM {rows} AS changed"
ROTATION_OF_LAYER = (
    "SELECT layer.rotation_id FROM {rows} AS changed"
    " JOIN people_layer AS layer ON layer.id = changed.layer_id"
)


def sites_of_everybody() -> str:
    """Claim each site that a team staffs: something that everybody is judged by changed."""
    return "SELECT staffing.site_id FROM people_staffing AS staffing WHERE EXISTS (SELECT FROM {rows} AS changed)"


def sites_of_person(column: str = "person_id") -> str:
    """Sites that the person's teams staff, and those of rotations in which the person takes turns or has shifts."""
    return (
        "SELECT staffing.site_id FROM {rows} AS changed"
        f" JOIN people_membership AS membership ON membership.person_id = changed.{column}"
        " JOIN people_staffing AS staffing ON staffing.team_id = membership.team_id"
        " UNION SELECT served.site_id FROM {rows} AS changed"
        f" JOIN people_layermember AS turn ON turn.person_id = changed.{column}"
        " JOIN people_layer AS layer ON layer.id = turn.layer_id"
        " JOIN people_rotationsite AS served ON served.rotation_id = layer.rotation_id"
        " UNION SELECT served.site_id FROM {rows} AS changed"
        f" JOIN people_shift AS shift ON shift.person_id = changed.{column} AND shift.ends_at > now()"
        " JOIN people_rotationsite AS served ON served.rotation_id = shift.rotation_id"
    )


def sites_of_team() -> str:
    return (
        "SELECT staffing.site_id FROM {rows} AS changed"
        " JOIN people_staffing AS staffing ON staffing.team_id = changed.team_id"
    )


def sites_of_rotation(column: str = "rotation_id") -> str:
    return (
        "SELECT served.site_id FROM {rows} AS changed"
        f" JOIN people_rotationsite AS served ON served.rotation_id = changed.{column}"
    )


def sites_of_every_rotation() -> str:
    """Claim each site that a rotation serves: something that all shifts are judged by changed."""
    return "SELECT served.site_id FROM people_rotationsite AS served WHERE EXISTS (SELECT FROM {rows} AS changed)"


def sites_stated_or_all() -> str:
    """Rows of one site, or, without one, of every site."""
    return (
        "SELECT place.id FROM {rows} AS changed"
        " JOIN inventory_site AS place ON changed.site_id IS NULL OR place.id = changed.site_id"
    )


def through(table: str, column: str) -> str:
    """Sites of the rows of `table`, each with a site or of all sites, that the changed rows refer to."""
    return (
        "SELECT place.id FROM {rows} AS changed"
        f" JOIN {table} AS parent ON parent.id = changed.{column}"
        " JOIN inventory_site AS place ON parent.site_id IS NULL OR place.id = parent.site_id"
    )


def lasts(begins: str, *, table: str, key: str) -> pgtrigger.Trigger:
    """Give what has no end of its own the `valid_days` of its skill or course, from the time it `begins`."""
    return pgtrigger.Trigger(
        name="lasts",
        operation=pgtrigger.Insert | pgtrigger.Update,
        when=pgtrigger.Before,
        func=f"IF NEW.{begins} IS NOT NULL AND NEW.valid_until IS NULL THEN"
        f" NEW.valid_until = NEW.{begins} + (SELECT make_interval(days => valid_days) FROM {table}"
        f" WHERE id = NEW.{key}); END IF; RETURN NEW;",
    )


def rotations_of(column: str = "person_id") -> str:
    """Rotations in which the person has, had or takes a shift, or is an override."""
    turns = (
        "SELECT layer.rotation_id FROM {rows} AS changed"
        f" JOIN people_layermember AS turn ON turn.person_id = changed.{column}"
        " JOIN people_layer AS layer ON layer.id = turn.layer_id"
    )
    mentions = (
        f"SELECT other.rotation_id FROM {{rows}} AS changed JOIN {table} AS other ON other.{key} = changed.{column}"
        for table, key in (
            ("people_shift", "person_id"),
            ("people_override", "person_id"),
            ("people_swap", "taker_id"),
        )
    )
    feeds = (
        "SELECT calendar.rotation_id FROM people_rotationcalendar AS calendar"
        " WHERE EXISTS (SELECT FROM {rows} AS changed)"
    )
    return " UNION ".join((turns, *mentions, feeds))


def shifts_due(rotations: str, *operations: pgtrigger.Operation) -> list[PerStatement]:
    """A RotationChange for each rotation of the rows written that is still there."""
    triggers = []
    for operation in operations or CLAIM_NAMES:
        touched = " UNION ".join(rotations.format(rows=part) for part in ROWS[operation])
        triggers.append(
            PerStatement(
                name=CLAIM_NAMES[operation].replace("claim", "shifts"),
                operation=operation,
                func="INSERT INTO people_rotationchange (rotation_id)"
                f" SELECT DISTINCT touched.rotation_id FROM ({touched}) AS touched (rotation_id)"
                " JOIN people_rotation AS rotation ON rotation.id = touched.rotation_id ORDER BY 1; RETURN NULL;",
            )
        )
    return triggers
