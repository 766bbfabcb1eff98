import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0003_batch_decisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="source",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="source",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="source",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="source",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                help_text="Who answers for the sender and its token",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="owned_sources",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="sourceevent",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                help_text="Who answers for the sender and its token",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="source",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "telemetry_sourceevent" ("cadence_s", "description", "grace_s", "id", "name", "owner_id", "paused", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provenance", "site_id", "site_label", "token_id", "unit_scale") SELECT new_values."cadence_s", new_values."description", new_values."grace_s", new_values."id", new_values."name", new_values."owner_id", new_values."paused", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."provenance", new_values."site_id", new_values."site_label", new_values."token_id", new_values."unit_scale" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="6a7df0e952caad7bb6997f4584197d2739ce91ff",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_87f41",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="telemetry_source",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="source",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "telemetry_sourceevent" ("cadence_s", "description", "grace_s", "id", "name", "owner_id", "paused", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provenance", "site_id", "site_label", "token_id", "unit_scale") SELECT new_values."cadence_s", new_values."description", new_values."grace_s", new_values."id", new_values."name", new_values."owner_id", new_values."paused", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."provenance", new_values."site_id", new_values."site_label", new_values."token_id", new_values."unit_scale" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="5dc6efaa325f7d27d9ef7cf1d6eb0c283418e1b1",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_99752",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="telemetry_source",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="source",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "telemetry_sourceevent" ("cadence_s", "description", "grace_s", "id", "name", "owner_id", "paused", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provenance", "site_id", "site_label", "token_id", "unit_scale") SELECT old_values."cadence_s", old_values."description", old_values."grace_s", old_values."id", old_values."name", old_values."owner_id", old_values."paused", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."provenance", old_values."site_id", old_values."site_label", old_values."token_id", old_values."unit_scale" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="094c5f2227d405208db2ae068e36358ca00c4708",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c4c9a",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="telemetry_source",
                    when="AFTER",
                ),
            ),
        ),
    ]
