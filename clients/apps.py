from __future__ import annotations

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "clients"
    verbose_name = "Clients and their people"

    def ready(self) -> None:
        # Receivers and the schema extension register themselves on import.
        from clients import signals  # noqa: F401, PLC0415
        from clients.api import schema  # noqa: F401, PLC0415
