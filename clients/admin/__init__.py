"""Django admin of clients: thin pages over the services."""

from clients.admin.keys import ApiKeyAdmin
from clients.admin.operators import OperatorAdmin, OperatorGroupAdmin
from clients.admin.people import ClientUserAdmin, FaceSampleAdmin
from clients.admin.records import AuditEntryAdmin, JobAdmin
from clients.admin.tenants import ClientAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditEntryAdmin",
    "ClientAdmin",
    "ClientUserAdmin",
    "FaceSampleAdmin",
    "JobAdmin",
    "OperatorAdmin",
    "OperatorGroupAdmin",
]
