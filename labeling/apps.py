from django.apps import AppConfig


class LabelingConfig(AppConfig):
    name = "labeling"

    def ready(self) -> None:
        from labeling.core import live
        from labeling.services.access import may_view

        live.register_group("project", may_view)
