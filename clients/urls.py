"""Addresses under ``/api/clients/``."""

from django.urls import path

from clients.api.keys import KeysView, KeyView
from clients.api.photos import OldPhotoView
from clients.api.users import BulkUsersView, PreloadView, UsersView, UserView

app_name = "clients"

urlpatterns = [
    path("users/", UsersView.as_view(), name="users"),
    path("users/bulk/", BulkUsersView.as_view(), name="users-bulk"),
    path("users/<str:external_user_id>/", UserView.as_view(), name="user"),
    path("users/<str:external_user_id>/old-photo/", OldPhotoView.as_view(), name="user-old-photo"),
    path("users/<str:external_user_id>/preload/", PreloadView.as_view(), name="user-preload"),
    path("keys/", KeysView.as_view(), name="keys"),
    path("keys/<str:prefix>/", KeyView.as_view(), name="key"),
]
