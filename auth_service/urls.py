"""Addresses of the session API, below /api/auth/."""

from django.urls import path

from auth_service import views

urlpatterns = [
    path("enrollment-sessions/", views.create_enrollment_session, name="create-enrollment-session"),
    path("verification-sessions/", views.create_verification_session, name="create-verification-session"),
    path("sessions/", views.SessionListView.as_view(), name="sessions"),
    path("sessions/<uuid:session_id>/", views.SessionView.as_view(), name="session"),
]
