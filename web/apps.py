from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "web"
    verbose_name = "Web"

    def ready(self) -> None:
        from web import metrics, workers
        from web.accounts import finding

        finding.register()
        workers.listen()
        metrics.gauge(
            "muster_workers",
            "Workers heard of within a minute",
            (),
            lambda now: {(): len(workers.seen(now=now))},
        )
