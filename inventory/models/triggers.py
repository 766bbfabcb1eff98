"""Triggers: claim rows for every site that a write touched, and a check that ports are where their link says.

A trigger runs once per statement, so that a bulk write of 10,000 devices leaves one claim row for each site.
"""

import pgtrigger
from django.db import models

WRITTEN = (pgtrigger.Insert, pgtrigger.Update)
CHANGED = (pgtrigger.Update,)
CLAIM_NAMES = {
    pgtrigger.Insert: "claim_insert",
    pgtrigger.Update: "claim_update",
    pgtrigger.Delete: "claim_delete",
}

# Rows that a statement changed; a save without changes claims nothing.
INSERTED = "(SELECT * FROM new_values)"
DELETED = "(SELECT * FROM old_values)"
AFTER = "(SELECT * FROM new_values EXCEPT SELECT * FROM old_values)"
BEFORE = "(SELECT * FROM old_values EXCEPT SELECT * FROM new_values)"
ROWS = {pgtrigger.Insert: [INSERTED], pgtrigger.Update: [BEFORE, AFTER], pgtrigger.Delete: [DELETED]}

# SQL for the sites of changed rows; {rows} is one of the above.
OWN_SITE = "SELECT site_id FROM {rows} AS changed"
ITSELF = "SELECT id FROM {rows} AS changed"
BOTH_SITES = "SELECT unnest(ARRAY[site_a_id, site_b_id]) FROM {rows} AS changed"
SITES_THAT_USE_IT = (
    "SELECT device.site_id FROM {rows} AS changed"
    " JOIN inventory_device AS device ON device.device_type_id = changed.id"
    " UNION SELECT accelerator.site_id FROM {rows} AS changed"
    " JOIN inventory_accelerator AS accelerator ON accelerator.device_type_id = changed.id"
)
EVERY_SITE_BUT_RETIRED = (
    "SELECT site.id FROM {rows} AS changed JOIN inventory_site AS site"
    " ON changed.status = 'published' AND site.stage <> 'retired'"
)
"""When another version of a document comes into force, the result of every site may change."""


def signed_once(table: str, *columns: str) -> pgtrigger.Trigger:
    """The answer and its time are final: the first of `columns` is set only once."""
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return pgtrigger.Trigger(
        name="signed_once",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        func=f"IF OLD.{columns[0]} IS NOT NULL AND ({old}) IS DISTINCT FROM ({new})"
        " THEN RAISE EXCEPTION 'Who answered stays as it was written.'"
        f" USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_signed_once', TABLE = '{table}';"
        " END IF; RETURN NEW;",
    )


def site_of_device() -> pgtrigger.Trigger:
    """A part of a device is at the device's site; the foreign key reports a missing device."""
    return pgtrigger.Trigger(
        name="site_of_device",
        operation=pgtrigger.Insert | pgtrigger.Update,
        when=pgtrigger.Before,
        func="IF NEW.site_id IS NULL OR NEW.device_id IS DISTINCT FROM OLD.device_id THEN"
        " NEW.site_id = COALESCE((SELECT site_id FROM inventory_device WHERE id = NEW.device_id), 0);"
        " END IF; RETURN NEW;",
    )


class PerStatement(pgtrigger.Composer):
    """Composer that does not format the SQL, because it has no conditions to fill in."""

    level = pgtrigger.Statement
    when = pgtrigger.After

    def get_func(self, model: type[models.Model]) -> str:
        return str(self.func)


def claims(sites: str, *operations: pgtrigger.Operation, origin: str = "inventory") -> list[PerStatement]:
    """A SiteChange for each site of the written rows; `sites` is one of the SELECTs above."""
    return [
        PerStatement(
            name=CLAIM_NAMES[operation],
            operation=operation,
            func=f"{_insert_claims(sites, ROWS[operation], origin)} RETURN NULL;",
        )
        for operation in operations or CLAIM_NAMES
    ]


def _insert_claims(sites: str, rows: list[str], origin: str) -> str:
    touched = " UNION ".join(sites.format(rows=part) for part in rows)
    return (
        "INSERT INTO inventory_sitechange (site_id, origin)"
        f" SELECT DISTINCT touched.site_id, '{origin}' FROM ({touched}) AS touched (site_id) ORDER BY 1;"
    )


def forget_claims() -> PerStatement:
    """Delete a site's claims with the site, including those that the deletion of its devices just left."""
    return PerStatement(
        name="forget_claims",
        operation=pgtrigger.Delete,
        func="DELETE FROM inventory_sitechange WHERE site_id IN (SELECT id FROM old_values); RETURN NULL;",
    )


_RENAMED = "old_values AS before JOIN new_values AS written USING (id)"
# A rule that says the same of the new slug is one rule with it.
_SAME_RULE = """EXISTS (SELECT FROM accounts_grouprule AS other WHERE other.id <> rule.id
    AND (other."group", other.role, other.scope_kind, other.scope_slug)
        = (rule."group", rule.role, rule.scope_kind, written.slug))"""


def scopes_follow(kind: str) -> PerStatement:
    """Update scopes, group rules and channels that name a place by slug when the slug changes."""
    return PerStatement(
        name="scopes_follow",
        operation=pgtrigger.Update,
        func=" ".join(
            f"""
            UPDATE accounts_accessscope AS scope SET slug = written.slug FROM {_RENAMED}
                WHERE scope.kind = '{kind}' AND scope.slug = before.slug AND before.slug <> written.slug;
            DELETE FROM accounts_grouprule AS rule USING {_RENAMED}
                WHERE rule.scope_kind = '{kind}' AND rule.scope_slug = before.slug
                AND before.slug <> written.slug AND {_SAME_RULE};
            UPDATE accounts_grouprule AS rule SET scope_slug = written.slug FROM {_RENAMED}
                WHERE rule.scope_kind = '{kind}' AND rule.scope_slug = before.slug
                AND before.slug <> written.slug;
            UPDATE web_channel AS channel SET scope_slug = written.slug FROM {_RENAMED}
                WHERE channel.scope_kind = '{kind}' AND channel.scope_slug = before.slug
                AND before.slug <> written.slug;
            RETURN NULL;
            """.split()
        ),
    )


def scopes_end(kind: str) -> PerStatement:
    """Let nothing that named a deleted place name another one that gets its slug later.

    Group rules end with the place. A scope and a channel stay, for without them their account would see everything and
    their room hear it; they name the place by a word that is no slug.
    """
    gone_slug = "left({column}, 70) || '#' || place.id"
    return PerStatement(
        name="scopes_end",
        operation=pgtrigger.Delete,
        func=" ".join(
            f"""
            DELETE FROM accounts_grouprule AS rule USING old_values AS place
                WHERE rule.scope_kind = '{kind}' AND rule.scope_slug = place.slug;
            UPDATE accounts_accessscope AS scope SET slug = {gone_slug.format(column="scope.slug")}
                FROM old_values AS place WHERE scope.kind = '{kind}' AND scope.slug = place.slug;
            UPDATE web_channel AS channel SET scope_slug = {gone_slug.format(column="channel.scope_slug")}
                FROM old_values AS place WHERE channel.scope_kind = '{kind}' AND channel.scope_slug = place.slug;
            RETURN NULL;
            """.split()
        ),
    )


def no_circle() -> PerStatement:
    """No region contains itself. Writers of parents wait for each other, because two of them could close a circle."""
    check = """
        PERFORM pg_advisory_xact_lock(hashtext('inventory_region.parent'));
        IF EXISTS (
            WITH RECURSIVE above (id, parent_id) AS (
                SELECT id, parent_id FROM new_values
                UNION SELECT above.id, region.parent_id FROM above
                JOIN inventory_region AS region ON region.id = above.parent_id
            ) SELECT FROM above WHERE id = parent_id
        ) THEN
            RAISE EXCEPTION 'A region cannot be part of one that is within it.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'region_no_circle', TABLE = 'inventory_region',
                COLUMN = 'parent_id';
        END IF;
        RETURN NULL;
    """
    body = _UNLESS_MOVED.format(column="parent_id") + check
    return PerStatement(name="no_circle", operation=pgtrigger.Update, func=" ".join(body.split()))


LINK_ENDS = "link_ends_at_stated_sites"
_REFUSE_STRAY_ENDS = f"""
    IF EXISTS (
        SELECT 1 FROM inventory_link AS link
        LEFT JOIN inventory_port AS port_a ON port_a.id = link.port_a_id
        LEFT JOIN inventory_device AS device_a ON device_a.id = port_a.device_id
        LEFT JOIN inventory_port AS port_b ON port_b.id = link.port_b_id
        LEFT JOIN inventory_device AS device_b ON device_b.id = port_b.device_id
        WHERE {{touched}} AND (device_a.site_id <> link.site_a_id OR device_b.site_id <> link.site_b_id)
    ) THEN
        RAISE EXCEPTION 'A port of a link is not at the site that the link states.'
            USING ERRCODE = 'check_violation', CONSTRAINT = '{LINK_ENDS}', TABLE = 'inventory_link';
    END IF;
    RETURN NULL;
"""
# Until the link is committed its ports and their devices cannot move: device_id and site_id are part of
# unique keys, so that changing them waits for this lock.
_HOLD_PORTS = """
    PERFORM 1 FROM inventory_port AS port JOIN inventory_device AS device ON device.id = port.device_id
        WHERE port.id IN (SELECT port_a_id FROM new_values UNION SELECT port_b_id FROM new_values)
        ORDER BY device.id, port.id FOR KEY SHARE;
"""
_UNLESS_MOVED = """
    IF NOT EXISTS (SELECT id, {column} FROM new_values EXCEPT SELECT id, {column} FROM old_values) THEN
        RETURN NULL;
    END IF;
"""
_OF_THESE_LINKS = "link.id IN (SELECT id FROM new_values)"
_OF_THESE_PORTS = (
    "(link.port_a_id IN (SELECT id FROM new_values) OR link.port_b_id IN (SELECT id FROM new_values))"
)
_OF_THESE_DEVICES = (
    "(device_a.id IN (SELECT id FROM new_values) OR device_b.id IN (SELECT id FROM new_values))"
)


def link_ends() -> list[PerStatement]:
    return [
        _check_ends("ends_insert", pgtrigger.Insert, first=_HOLD_PORTS, touched=_OF_THESE_LINKS),
        _check_ends("ends_update", pgtrigger.Update, first=_HOLD_PORTS, touched=_OF_THESE_LINKS),
    ]


def link_ends_of_moved_ports() -> PerStatement:
    first = _UNLESS_MOVED.format(column="device_id")
    return _check_ends("ends_moved", pgtrigger.Update, first=first, touched=_OF_THESE_PORTS)


def link_ends_of_moved_devices() -> PerStatement:
    first = _UNLESS_MOVED.format(column="site_id")
    return _check_ends("ends_moved", pgtrigger.Update, first=first, touched=_OF_THESE_DEVICES)


def _check_ends(name: str, operation: pgtrigger.Operation, *, first: str, touched: str) -> PerStatement:
    body = first + _REFUSE_STRAY_ENDS.format(touched=touched)
    return PerStatement(name=name, operation=operation, func=" ".join(body.split()))


def recorded_when_changed(*columns: str) -> pgtrigger.Trigger:
    """A changed row counts from its change on; nobody dates it back."""
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return pgtrigger.Trigger(
        name="recorded_when_changed",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        func=f"NEW.recorded_at = CASE WHEN ({old}) IS DISTINCT FROM ({new}) THEN now() ELSE OLD.recorded_at END;"
        " RETURN NEW;",
    )


# Two writers cannot give one name to two devices of a site: writers of other names wait for all writers of names at the
# site, writers of devices only for writers of other names.
_ONE_OWNER = """
    PERFORM pg_advisory_xact_lock{shared}(hashtext('inventory_devicename'), written.site_id::int)
        FROM (SELECT DISTINCT site_id FROM new_values ORDER BY site_id) AS written;
    IF EXISTS (
        SELECT FROM new_values AS written JOIN {other} AS other
            ON other.site_id = written.site_id AND lower(other.name) = lower(written.name)
            AND {device} <> {own_device}
    ) THEN
        RAISE EXCEPTION '{message}'
            USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}', TABLE = '{table}', COLUMN = 'name';
    END IF;
    RETURN NULL;
"""
_UNLESS_NAMED_ANEW = """
    IF NOT EXISTS (SELECT id, site_id, name FROM new_values EXCEPT SELECT id, site_id, name FROM old_values) THEN
        RETURN NULL;
    END IF;
"""


def _one_owner(operation: pgtrigger.Operation, **parts: str) -> PerStatement:
    first = _UNLESS_NAMED_ANEW if operation is pgtrigger.Update else ""
    body = first + _ONE_OWNER.format(**parts)
    return PerStatement(
        name=f"one_owner_{CLAIM_NAMES[operation]}", operation=operation, func=" ".join(body.split())
    )


def no_name_of_another_device() -> list[PerStatement]:
    """An other name is not the name of another device of the site."""
    return [
        _one_owner(
            operation,
            shared="",
            other="inventory_device",
            device="other.id",
            own_device="written.device_id",
            message="Another device of the site has this name.",
            constraint="device_name_of_one_device",
            table="inventory_devicename",
        )
        for operation in WRITTEN
    ]


def no_other_name_of_another_device() -> list[PerStatement]:
    """A device is not named as another device of the site is also called."""
    return [
        _one_owner(
            operation,
            shared="_shared",
            other="inventory_devicename",
            device="other.device_id",
            own_device="written.id",
            message="This is another name of another device of the site.",
            constraint="device_not_named_as_another",
            table="inventory_device",
        )
        for operation in WRITTEN
    ]
