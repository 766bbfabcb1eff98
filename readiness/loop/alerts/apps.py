from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "readiness.loop.alerts"
    label = "alerts"

    def ready(self) -> None:
        from readiness.loop.alerts import left_behind
        from readiness.loop.alerts.inbound import queries as inbound
        from web import links, tab_counts
        from web.delivery.secrets import register_sealed
        from web.settings_sections import add_section

        register_sealed(self.get_model("AlertSender"), "secret")
        register_sealed(self.get_model("HeartbeatTarget"), "address")
        left_behind.register()
        add_section("alert-settings", "Alerts")
        links.has_page(self.get_model("Alert"), "alert")
        tab_counts.register(
            "inbound-alert-list",
            inbound.unmapped,
            "alerts from outside not mapped",
            permission="alerts.view_inboundalert",
            tone="warn",
        )
