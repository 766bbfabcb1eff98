"""Triggers of the database: claim rows when other rules come into force, and rules in force stay as they are."""

import pgtrigger

SITES_OF_CLASS = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)

OF_PACK = "SELECT status FROM jurisdiction_rulepack WHERE id = {row}.pack_id"
OF_GROUP = (
    "SELECT status FROM jurisdiction_rulepack WHERE id ="
    " (SELECT pack_id FROM jurisdiction_countrygroup WHERE id = {row}.group_id)"
)


def drafts_only(status_of: str) -> pgtrigger.Trigger:
    """Rows of a pack are written while it is a draft; what decided a case is kept as it was."""
    func = f"""
        IF TG_OP <> 'INSERT' AND ({status_of.format(row="OLD")}) <> 'draft'
            OR TG_OP <> 'DELETE' AND ({status_of.format(row="NEW")}) <> 'draft' THEN
            RAISE EXCEPTION 'Rules of a pack that is or was in force are not changed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """
    return pgtrigger.Trigger(
        name="drafts_only",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func=" ".join(func.split()),
    )
