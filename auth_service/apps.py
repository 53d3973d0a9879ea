from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class AuthServiceConfig(AppConfig):
    name = "auth_service"
    verbose_name = _("Sessions")

    def ready(self) -> None:
        from auth_service.checks import check_liveness_thresholds  # noqa: PLC0415 - settings must be set up

        register(check_liveness_thresholds)
