from __future__ import annotations

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "clients"
    verbose_name = "Clients and their people"

    def ready(self) -> None:
        from clients import signals  # noqa: F401, PLC0415 - receivers register on import
