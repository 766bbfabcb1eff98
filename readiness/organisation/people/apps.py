from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "readiness.organisation.people"

    def ready(self) -> None:
        from readiness.organisation.people import duty_panels
        from readiness.organisation.people.panels import answers_panel, outlook_panel
        from web import links
        from web.kinds import panels
        from web.settings_sections import add_section

        for page in ("person", "team", "swap"):
            links.has_page(self.get_model(page), page)
        panels.register(self.get_model("rotation"), outlook_panel)
        panels.register(self.get_model("rotation"), duty_panels.rotation_panel)
        panels.register(self.get_model("person"), duty_panels.person_panel)
        panels.register(self.get_model("survey"), answers_panel)
        add_section("own-person", "Your person")
