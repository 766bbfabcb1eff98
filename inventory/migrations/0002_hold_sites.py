"""Parts stand at the site of the whole: racks, feeds, and the ports of links."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

import inventory.models.constraints


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="rack",
            constraint=inventory.models.constraints.SiteReference(name="rack_site_reference"),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=inventory.models.constraints.SiteReference(name="device_site_reference"),
        ),
        migrations.AddConstraint(
            model_name="powerfeed",
            constraint=inventory.models.constraints.SameSite(
                field="rack",
                name="power_feed_rack_at_same_site",
                violation_error_message="This rack is at another site.",
            ),
        ),
        migrations.AddConstraint(
            model_name="powerfeed",
            constraint=inventory.models.constraints.SameSite(
                field="device",
                name="power_feed_device_at_same_site",
                violation_error_message="This device is at another site.",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=inventory.models.constraints.SameSite(
                field="rack",
                name="device_rack_at_same_site",
                violation_error_message="This rack is at another site.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="port",
            trigger=pgtrigger.compiler.Trigger(
                name="ends_moved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF NOT EXISTS (SELECT id, device_id FROM new_values EXCEPT SELECT id, device_id FROM old_values) THEN RETURN NULL; END IF; IF EXISTS ( SELECT 1 FROM inventory_link AS link LEFT JOIN inventory_port AS port_a ON port_a.id = link.port_a_id LEFT JOIN inventory_device AS device_a ON device_a.id = port_a.device_id LEFT JOIN inventory_port AS port_b ON port_b.id = link.port_b_id LEFT JOIN inventory_device AS device_b ON device_b.id = port_b.device_id WHERE (link.port_a_id IN (SELECT id FROM new_values) OR link.port_b_id IN (SELECT id FROM new_values)) AND (device_a.site_id <> link.site_a_id OR device_b.site_id <> link.site_b_id) ) THEN RAISE EXCEPTION 'A port of a link is not at the site that the link states.' USING ERRCODE = 'check_violation', CONSTRAINT = 'link_ends_at_stated_sites', TABLE = 'inventory_link'; END IF; RETURN NULL;",
                    hash="662f78d00bb98dcbf94eb214ab3ac7ab58bf4f65",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ends_moved_eed9d",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_port",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="link",
            trigger=pgtrigger.compiler.Trigger(
                name="ends_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM 1 FROM inventory_port AS port JOIN inventory_device AS device ON device.id = port.device_id WHERE port.id IN (SELECT port_a_id FROM new_values UNION SELECT port_b_id FROM new_values) ORDER BY device.id, port.id FOR KEY SHARE; IF EXISTS ( SELECT 1 FROM inventory_link AS link LEFT JOIN inventory_port AS port_a ON port_a.id = link.port_a_id LEFT JOIN inventory_device AS device_a ON device_a.id = port_a.device_id LEFT JOIN inventory_port AS port_b ON port_b.id = link.port_b_id LEFT JOIN inventory_device AS device_b ON device_b.id = port_b.device_id WHERE link.id IN (SELECT id FROM new_values) AND (device_a.site_id <> link.site_a_id OR device_b.site_id <> link.site_b_id) ) THEN RAISE EXCEPTION 'A port of a link is not at the site that the link states.' USING ERRCODE = 'check_violation', CONSTRAINT = 'link_ends_at_stated_sites', TABLE = 'inventory_link'; END IF; RETURN NULL;",
                    hash="e2434e3206545e832660b26d82df06daa2c1f6c9",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ends_insert_c98de",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_link",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="link",
            trigger=pgtrigger.compiler.Trigger(
                name="ends_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="PERFORM 1 FROM inventory_port AS port JOIN inventory_device AS device ON device.id = port.device_id WHERE port.id IN (SELECT port_a_id FROM new_values UNION SELECT port_b_id FROM new_values) ORDER BY device.id, port.id FOR KEY SHARE; IF EXISTS ( SELECT 1 FROM inventory_link AS link LEFT JOIN inventory_port AS port_a ON port_a.id = link.port_a_id LEFT JOIN inventory_device AS device_a ON device_a.id = port_a.device_id LEFT JOIN inventory_port AS port_b ON port_b.id = link.port_b_id LEFT JOIN inventory_device AS device_b ON device_b.id = port_b.device_id WHERE link.id IN (SELECT id FROM new_values) AND (device_a.site_id <> link.site_a_id OR device_b.site_id <> link.site_b_id) ) THEN RAISE EXCEPTION 'A port of a link is not at the site that the link states.' USING ERRCODE = 'check_violation', CONSTRAINT = 'link_ends_at_stated_sites', TABLE = 'inventory_link'; END IF; RETURN NULL;",
                    hash="86d7b16f0416d47fdfd3e28f5dde01efe831f343",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ends_update_6faaf",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_link",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="device",
            trigger=pgtrigger.compiler.Trigger(
                name="ends_moved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF NOT EXISTS (SELECT id, site_id FROM new_values EXCEPT SELECT id, site_id FROM old_values) THEN RETURN NULL; END IF; IF EXISTS ( SELECT 1 FROM inventory_link AS link LEFT JOIN inventory_port AS port_a ON port_a.id = link.port_a_id LEFT JOIN inventory_device AS device_a ON device_a.id = port_a.device_id LEFT JOIN inventory_port AS port_b ON port_b.id = link.port_b_id LEFT JOIN inventory_device AS device_b ON device_b.id = port_b.device_id WHERE (device_a.id IN (SELECT id FROM new_values) OR device_b.id IN (SELECT id FROM new_values)) AND (device_a.site_id <> link.site_a_id OR device_b.site_id <> link.site_b_id) ) THEN RAISE EXCEPTION 'A port of a link is not at the site that the link states.' USING ERRCODE = 'check_violation', CONSTRAINT = 'link_ends_at_stated_sites', TABLE = 'inventory_link'; END IF; RETURN NULL;",
                    hash="b3931706a6b83043da720f1cd1a30fa7d5342d34",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ends_moved_67e47",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_device",
                    when="AFTER",
                ),
            ),
        ),
    ]
