from django.db import migrations

GONE = """UPDATE {table} AS holder SET {slug} = left(holder.{slug}, 70) || '#' || holder.id
    WHERE holder.{kind} = '{place}' AND position('#' IN holder.{slug}) = 0
    AND NOT EXISTS (SELECT FROM inventory_{place} AS place WHERE place.slug = holder.{slug})"""
HOLDERS = (("accounts_accessscope", "kind", "slug"), ("web_channel", "scope_kind", "scope_slug"))


class Migration(migrations.Migration):
    """Scopes and channels of places that were deleted name no place that gets the slug later."""

    dependencies = [
        ("accounts", "0013_token_reminders"),
        ("inventory", "0003_claims_that_wait"),
        ("web", "0015_security_events_of_changed_factors"),
    ]

    operations = [
        migrations.RunSQL(
            GONE.format(table=table, kind=kind, slug=slug, place=place), migrations.RunSQL.noop, elidable=True
        )
        for table, kind, slug in HOLDERS
        for place in ("site", "region")
    ]
