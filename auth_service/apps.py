from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuthServiceConfig(AppConfig):
    name = "auth_service"
    verbose_name = _("Sessions")
