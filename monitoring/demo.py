"""The demo client, its one person and the first operator: what a fresh installation is tried with."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.db import transaction

from auth_service.models import SessionPurpose
from auth_service.services import OpenedSession, open_session
from clients.audit import Actor
from clients.models import Client, ClientUser
from clients.services import create_user
from common.errors import NotFound

DEMO_CLIENT_ID = "FR_DEMO01"
DEMO_USER_ID = "demo"
OPERATOR_NAME = "operator"


@transaction.atomic
def ensure_demo_user() -> ClientUser:
    """Make the demo client and its person when they are missing. Safe to run at every start."""
    client, _ = Client.objects.get_or_create(client_id=DEMO_CLIENT_ID, defaults={"name": "Demo"})
    user = find_demo_user()
    return user or create_user(client=client, external_user_id=DEMO_USER_ID, name="Demo person")


@transaction.atomic
def ensure_operator() -> str | None:
    """Make the first operator when there is no staff account; returns its password, which nobody keeps."""
    accounts = get_user_model()
    if accounts.objects.filter(is_staff=True).exists():
        return None
    password = secrets.token_urlsafe(9)
    accounts.objects.create_superuser(username=OPERATOR_NAME, password=password)
    return password


def find_demo_user() -> ClientUser | None:
    """The demo client's person, made by `manage.py make_demo`."""
    people = ClientUser.objects.select_related("client")
    return people.filter(client_id=DEMO_CLIENT_ID, external_user_id=DEMO_USER_ID).first()


def open_demo_session(*, purpose: SessionPurpose, actor: Actor) -> OpenedSession:
    """Raises NotFound without a demo person, and whatever `open_session` raises."""
    user = find_demo_user()
    if user is None:
        raise NotFound("There is no demo person. Make one with manage.py make_demo.")
    return open_session(user=user, purpose=purpose, actor=actor)
