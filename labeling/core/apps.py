from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "labeling.core"
    label = "core"
    verbose_name = "People and ground"

    def ready(self) -> None:
        from labeling.core.api import schema  # noqa: F401  (registers the authentication schemes)
