"""Make what a first try needs, and say what to open."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from monitoring.demo import OPERATOR_NAME, ensure_demo_user, ensure_operator


class Command(BaseCommand):
    help = "Make the demo client, its person and the first operator; print what to open."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the server will answer")

    def handle(self, *, url: str, **options: Any) -> None:
        user = ensure_demo_user()
        password = ensure_operator()
        base = url.rstrip("/")
        self.stdout.write(f"\n  Open {base}/ and choose 'Try enrollment', then 'Try verification'.")
        self.stdout.write(f"  Console: {base}/console/   Admin: {base}/admin/   API: {base}/api/docs/")
        if password:
            self.stdout.write(f"  Operator account: {OPERATOR_NAME} / {password}  (shown once)")
        else:
            renewal = f"manage.py changepassword {OPERATOR_NAME}"
            self.stdout.write(f"  An operator account exists; `{renewal}` sets a new password.")
        self.stdout.write(f"  Demo client: {user.client_id}\n")
