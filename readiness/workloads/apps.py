from django.apps import AppConfig


class WorkloadsConfig(AppConfig):
    name = "readiness.workloads"
    label = "workloads"
    verbose_name = "Workloads"

    def ready(self) -> None:
        from readiness.workloads.kinds import find_workloads
        from readiness.workloads.operations import MAY_SEE
        from web import links, search

        links.has_page(self.get_model("WorkloadClass"), "workload", "slug")
        search.register("workloads", "Workload classes", find_workloads, permission=MAY_SEE, order=24)
