from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "labeling.core"
    label = "core"
    verbose_name = "People and ground"
