"""The ASGI application: HTTP through Django, sockets through origin check and router."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "face_app.settings")
http_application = get_asgi_application()

from auth_service.routing import websocket_urlpatterns  # noqa: E402  models need Django set up first

application = ProtocolTypeRouter({"http": http_application, "websocket": URLRouter(websocket_urlpatterns)})
