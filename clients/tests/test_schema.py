"""The OpenAPI document covers every endpoint of this app without a warning."""

from __future__ import annotations

import io

import yaml
from django.core.management import call_command
from django.urls import include, path

urlpatterns = [path("api/clients/", include("clients.urls"))]
ENDPOINTS = {
    "/api/clients/users/": {"get", "post"},
    "/api/clients/users/bulk/": {"post"},
    "/api/clients/users/{external_user_id}/": {"get", "patch", "delete"},
    "/api/clients/users/{external_user_id}/old-photo/": {"post", "delete"},
    "/api/clients/users/{external_user_id}/preload/": {"post"},
    "/api/clients/keys/": {"get", "post"},
    "/api/clients/keys/{prefix}/": {"delete"},
}


def test_document_is_valid_complete_and_names_credentials_and_errors() -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--urlconf", __name__, stdout=out)
    paths = yaml.safe_load(out.getvalue())["paths"]
    own = {address: set(methods) for address, methods in paths.items() if address.startswith("/api/clients/")}
    assert own == ENDPOINTS
    for address, methods in ENDPOINTS.items():
        for method in methods:
            operation = paths[address][method]
            assert operation["security"] == [{"ApiKey": []}]
            assert {"401", "403", "429"} <= set(operation["responses"])
            assert operation["description"]
