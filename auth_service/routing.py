"""Addresses of sockets."""

from django.urls import path, re_path

from auth_service.consumers import SessionConsumer, UnknownAddressConsumer

websocket_urlpatterns = [
    path("ws/sessions/<uuid:session_id>/", SessionConsumer.as_asgi()),
    # Without it every probe leaves a traceback in the log.
    re_path("", UnknownAddressConsumer.as_asgi()),
]
