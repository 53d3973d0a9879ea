from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class AuthServiceConfig(AppConfig):
    name = "auth_service"
    verbose_name = _("Sessions")

    def ready(self) -> None:
        from auth_service import checks  # noqa: PLC0415 - settings must be set up

        register(checks.check_liveness_thresholds)
        register(checks.check_recording)
