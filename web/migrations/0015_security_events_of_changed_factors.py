from django.db import migrations, models


class Migration(migrations.Migration):
    """The security log has second factors that were changed past Muster."""

    dependencies = [
        ("web", "0014_security_events_of_passkeys"),
    ]

    operations = [
        migrations.AlterField(
            model_name="securityevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("signed-in", "Signed in"),
                    ("sign-in-failed", "Sign-in failed"),
                    ("sign-in-delayed", "Sign-in refused: too many attempts"),
                    ("signed-out", "Signed out"),
                    ("session-ended", "Session ended"),
                    ("link-asked", "Password link asked for"),
                    ("link-made", "One-time link made"),
                    ("link-used", "One-time link used"),
                    ("refused", "Refused: no permission"),
                    ("token-refused", "Token refused"),
                    ("token-delayed", "Token refused: too many attempts"),
                    ("exported", "File taken"),
                    ("account-made", "Account added"),
                    ("account-changed", "Account changed"),
                    ("account-deleted", "Account deleted"),
                    ("password-set", "Password set"),
                    ("password-rehashed", "Password hashed anew"),
                    ("role-given", "Role given"),
                    ("role-taken", "Role taken"),
                    ("permission-given", "Permission given"),
                    ("permission-taken", "Permission taken"),
                    ("scope-given", "Scope given"),
                    ("scope-taken", "Scope taken"),
                    ("token-made", "Token made"),
                    ("token-changed", "Token changed"),
                    ("token-revoked", "Token revoked"),
                    ("factor-added", "Second factor added"),
                    ("factor-changed", "Second factor changed"),
                    ("factor-removed", "Second factor removed"),
                    ("factor-used", "Second factor used"),
                    ("factor-copied", "Copied passkey refused"),
                    ("codes-made", "Recovery codes made"),
                    ("code-used", "Recovery code used"),
                    ("identity-linked", "Identity at the provider linked"),
                    ("identity-unlinked", "Identity at the provider unlinked"),
                    ("rule-added", "Group rule added"),
                    ("rule-removed", "Group rule removed"),
                    ("addresses-erased", "Addresses erased"),
                    ("events-dropped", "Old events dropped"),
                    ("heads-differed", "Heads outside differed"),
                ],
                max_length=20,
                verbose_name="event",
            ),
        ),
    ]
