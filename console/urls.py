"""Addresses of the operators' console."""

from django.urls import path

from console import views

app_name = "console"
urlpatterns = [
    path("", views.sessions, name="sessions"),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("scorecard/", views.scorecard, name="scorecard"),
    path("sessions/<uuid:session_id>/", views.session, name="session"),
]
