"""Health addresses and the start page."""

from django.urls import path

from monitoring import health, pages

urlpatterns = [
    path("", pages.start_page, name="start"),
    path("try/", pages.try_session, name="try-session"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
