"""Addresses of the person's page."""

from django.urls import path

from auth_service.pages import session_page
from auth_service.recording.views import decline_recording

urlpatterns = [
    path("session/<str:token>/", session_page, name="session-page"),
    path("session/<str:token>/decline/", decline_recording, name="session-decline"),
]
