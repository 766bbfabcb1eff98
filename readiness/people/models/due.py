"""Triggers: of which rotations the shifts are to be written again."""

import pgtrigger

from inventory.models.triggers import CLAIM_NAMES, ROWS, PerStatement

ITS_ROTATION = "SELECT rotation_id FROM {rows} AS changed"
ROTATION_OF_LAYER = (
    "SELECT layer.rotation_id FROM {rows} AS changed"
    " JOIN people_layer AS layer ON layer.id = changed.layer_id"
)


def rotations_of(column: str = "person_id") -> str:
    """Rotations in which the person has, had or takes a shift, or is an override."""
    turns = (
        "SELECT layer.rotation_id FROM {rows} AS changed"
        f" JOIN people_layermember AS turn ON turn.person_id = changed.{column}"
        " JOIN people_layer AS layer ON layer.id = turn.layer_id"
    )
    named = (
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
    return " UNION ".join((turns, *named, feeds))


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
