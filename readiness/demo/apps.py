from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "readiness.demo"
    label = "demo"
    verbose_name = "Demo"

    def ready(self) -> None:
        from readiness.demo import passwords, progress
        from web import key_rotation, notices

        notices.register("demo", progress.notices)
        key_rotation.register("demo logins have a new password", passwords.renew_passwords)
