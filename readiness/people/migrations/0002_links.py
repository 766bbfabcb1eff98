import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "ordering": ["name", "id"],
                "permissions": [("link_person", "Can request and end links of people to users")],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="person",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="person",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="person",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="person",
            name="requested_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="link requested at"),
        ),
        migrations.AddField(
            model_name="person",
            name="requested_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="link requested by",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="requested_user",
            field=models.ForeignKey(
                editable=False,
                help_text="Who is to confirm that they are this person",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requested_people",
                to=settings.AUTH_USER_MODEL,
                verbose_name="requested user",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="user_confirmed_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When the user confirmed the link",
                null=True,
                verbose_name="link confirmed at",
            ),
        ),
        migrations.AddField(
            model_name="personevent",
            name="requested_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="link requested at"),
        ),
        migrations.AddField(
            model_name="personevent",
            name="requested_by",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="link requested by",
            ),
        ),
        migrations.AddField(
            model_name="personevent",
            name="requested_user",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                help_text="Who is to confirm that they are this person",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="requested user",
            ),
        ),
        migrations.AddField(
            model_name="personevent",
            name="user_confirmed_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When the user confirmed the link",
                null=True,
                verbose_name="link confirmed at",
            ),
        ),
        migrations.AlterField(
            model_name="person",
            name="user",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                help_text="Who signs in as this person; without one nothing can be accepted",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="person",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AlterField(
            model_name="personevent",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                help_text="Who signs in as this person; without one nothing can be accepted",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="link_is_confirmed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF NEW.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id AND NEW.user_id IS DISTINCT FROM OLD.requested_user_id THEN RAISE EXCEPTION 'A link comes into force only after it was requested.' USING ERRCODE = 'check_violation', CONSTRAINT = 'person_link_was_requested', TABLE = 'people_person'; END IF; RETURN NEW;",
                    hash="af267f64be94bbcbee168a49391fe3b63636d923",
                    operation="UPDATE",
                    pgid="pgtrigger_link_is_confirmed_bb8a5",
                    table="people_person",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "people_personevent" ("email", "id", "left_at", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "requested_at", "requested_by_id", "requested_user_id", "time_zone", "user_confirmed_at", "user_id") SELECT new_values."email", new_values."id", new_values."left_at", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."phone", new_values."requested_at", new_values."requested_by_id", new_values."requested_user_id", new_values."time_zone", new_values."user_confirmed_at", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="c3581b6379e2604522a17dcb89fe3048cf44dd95",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_65688",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="people_person",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "people_personevent" ("email", "id", "left_at", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "requested_at", "requested_by_id", "requested_user_id", "time_zone", "user_confirmed_at", "user_id") SELECT new_values."email", new_values."id", new_values."left_at", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."phone", new_values."requested_at", new_values."requested_by_id", new_values."requested_user_id", new_values."time_zone", new_values."user_confirmed_at", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="695f9c3b30a52cb6eaab9df0e72ffb298a21762a",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_de829",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="people_person",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "people_personevent" ("email", "id", "left_at", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "requested_at", "requested_by_id", "requested_user_id", "time_zone", "user_confirmed_at", "user_id") SELECT old_values."email", old_values."id", old_values."left_at", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."phone", old_values."requested_at", old_values."requested_by_id", old_values."requested_user_id", old_values."time_zone", old_values."user_confirmed_at", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="71e537a7cb54eb851b2aa142e7f4e9bd8a1e719a",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_2ca2d",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="people_person",
                    when="AFTER",
                ),
            ),
        ),
    ]
