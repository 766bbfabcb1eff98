import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0013_evaluation_failures"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="grant",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF OLD.approver_id IS NOT NULL AND (OLD.approver_id, OLD.decided_at, OLD.requested_by_id) IS DISTINCT FROM (NEW.approver_id, NEW.decided_at, NEW.requested_by_id) THEN RAISE EXCEPTION 'Who answered stays as it was written.' USING ERRCODE = 'check_violation', CONSTRAINT = 'scoring_grant_signed_once', TABLE = 'scoring_grant'; END IF; RETURN NEW;",
                    hash="af19604cc0a214812cc669871bf0fdeaee87184a",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_once_e8ef3",
                    table="scoring_grant",
                    when="BEFORE",
                ),
            ),
        ),
    ]
