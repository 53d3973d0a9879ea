"""Make a client and its first API key from the command line."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from clients.audit import Actor
from clients.choices import ActorKind, Scope
from clients.models import Client
from clients.services import create_api_key, create_client
from common.errors import InvalidParameter

ACTOR = Actor(kind=ActorKind.SYSTEM, id="create_client")


class Command(BaseCommand):
    help = "Make a client and an API key with every scope; the key is printed once."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="the organisation's name")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, name: str, **options: Any) -> None:
        try:
            client, token = self._create(name)
        except InvalidParameter as error:
            raise CommandError(f"No client was made: {error.details.get('fields', error.message)}") from error
        if options["json"]:
            self.stdout.write(json.dumps({"client_id": client.pk, "api_key": token}))
            return
        self.stdout.write(f"Client:  {client.pk}\nAPI key: {token}  (shown once)")

    @transaction.atomic
    def _create(self, name: str) -> tuple[Client, str]:
        client = create_client(name=name, actor=ACTOR)
        _, token = create_api_key(client=client, name="First key", scopes=list(Scope.values), actor=ACTOR)
        return client, token
