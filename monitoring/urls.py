"""The start page. Health addresses are answered in `probes`."""

from django.urls import path

from monitoring import pages

urlpatterns = [
    path("", pages.start_page, name="start"),
    path("try/", pages.try_session, name="try-session"),
]
