from django.apps import AppConfig


class WorkloadsConfig(AppConfig):
    name = "readiness.demand.workloads"
    label = "workloads"
    verbose_name = "Workloads"

    def ready(self) -> None:
        from web import links

        links.has_page(self.get_model("WorkloadClass"), "workload", "slug")
