import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0005_operators_of_sites"),
        ("ownership", "0001_initial"),
        ("people", "0002_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="assignment",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="assignment",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="assignment",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="assignment",
            name="answered_by",
            field=models.ForeignKey(
                editable=False,
                help_text="The user who accepted or declined, whoever the person is linked to later",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="assignmentevent",
            name="answered_by",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                help_text="The user who accepted or declined, whoever the person is linked to later",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF OLD.answered_by_id IS NOT NULL AND (OLD.answered_by_id, OLD.answered_at) IS DISTINCT FROM (NEW.answered_by_id, NEW.answered_at) THEN RAISE EXCEPTION 'Who answered stays as it was written.' USING ERRCODE = 'check_violation', CONSTRAINT = 'ownership_assignment_signed_once', TABLE = 'ownership_assignment'; END IF; RETURN NEW;",
                    hash="c4737ce5cff1e838384cde7b86e08eb37c41c2a8",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_once_89c1d",
                    table="ownership_assignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "ownership_assignmentevent" ("accountable_id", "answer_note", "answered_at", "answered_by_id", "confirmed_at", "decision_rights", "deputy_id", "due_at", "effective_at", "end_reason", "ended_at", "ended_by_id", "escalation", "id", "item", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposed_at", "proposed_by_id", "responsible_id", "site_id", "state", "team_id") SELECT new_values."accountable_id", new_values."answer_note", new_values."answered_at", new_values."answered_by_id", new_values."confirmed_at", new_values."decision_rights", new_values."deputy_id", new_values."due_at", new_values."effective_at", new_values."end_reason", new_values."ended_at", new_values."ended_by_id", new_values."escalation", new_values."id", new_values."item", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."proposed_at", new_values."proposed_by_id", new_values."responsible_id", new_values."site_id", new_values."state", new_values."team_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="f82d4518b728ebe219d710d3952ce684452d98c1",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9e803",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="ownership_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "ownership_assignmentevent" ("accountable_id", "answer_note", "answered_at", "answered_by_id", "confirmed_at", "decision_rights", "deputy_id", "due_at", "effective_at", "end_reason", "ended_at", "ended_by_id", "escalation", "id", "item", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposed_at", "proposed_by_id", "responsible_id", "site_id", "state", "team_id") SELECT new_values."accountable_id", new_values."answer_note", new_values."answered_at", new_values."answered_by_id", new_values."confirmed_at", new_values."decision_rights", new_values."deputy_id", new_values."due_at", new_values."effective_at", new_values."end_reason", new_values."ended_at", new_values."ended_by_id", new_values."escalation", new_values."id", new_values."item", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."proposed_at", new_values."proposed_by_id", new_values."responsible_id", new_values."site_id", new_values."state", new_values."team_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="1ec09ca7f277b55dd7d75210316c7317e584ebb9",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_1225f",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="ownership_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "ownership_assignmentevent" ("accountable_id", "answer_note", "answered_at", "answered_by_id", "confirmed_at", "decision_rights", "deputy_id", "due_at", "effective_at", "end_reason", "ended_at", "ended_by_id", "escalation", "id", "item", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposed_at", "proposed_by_id", "responsible_id", "site_id", "state", "team_id") SELECT old_values."accountable_id", old_values."answer_note", old_values."answered_at", old_values."answered_by_id", old_values."confirmed_at", old_values."decision_rights", old_values."deputy_id", old_values."due_at", old_values."effective_at", old_values."end_reason", old_values."ended_at", old_values."ended_by_id", old_values."escalation", old_values."id", old_values."item", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."proposed_at", old_values."proposed_by_id", old_values."responsible_id", old_values."site_id", old_values."state", old_values."team_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="e403d1d717259fefd4cb1bf954f1d968b8608d68",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_f2cb8",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="ownership_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="confirmation",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF OLD.by_id IS NOT NULL AND (OLD.by_id, OLD.confirmed_at, OLD.assignment_id) IS DISTINCT FROM (NEW.by_id, NEW.confirmed_at, NEW.assignment_id) THEN RAISE EXCEPTION 'Who answered stays as it was written.' USING ERRCODE = 'check_violation', CONSTRAINT = 'ownership_confirmation_signed_once', TABLE = 'ownership_confirmation'; END IF; RETURN NEW;",
                    hash="ca5128b7276ad8546ff8d5036b7f68192ee3717b",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_once_885d1",
                    table="ownership_confirmation",
                    when="BEFORE",
                ),
            ),
        ),
    ]
