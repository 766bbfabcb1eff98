from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "readiness.people"

    def ready(self) -> None:
        from readiness.people import panels as people_panels
        from readiness.people.rotations.panels import panel_of
        from web import links
        from web.accounts.views.settings import add_section
        from web.kinds import panels

        links.has_page(self.get_model("Person"), "person")
        links.has_page(self.get_model("Team"), "team")
        links.has_page(self.get_model("Swap"), "swap")
        panels.register(self.get_model("Rotation"), panel_of)
        add_section("own-person", "Your person")
        panels.register(self.get_model("Survey"), people_panels.survey)
