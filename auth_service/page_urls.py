"""Addresses of the person's page."""

from django.urls import path

from auth_service.pages import session_page

urlpatterns = [path("session/<str:token>/", session_page, name="session-page")]
