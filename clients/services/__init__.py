"""Every change to clients, keys, people, samples. Services raise `FaceAppError`s and write an audit entry."""

from clients.services.deletion import DeletionReceipt, delete_client, delete_user
from clients.services.files import purge_expired_images, purge_orphan_files
from clients.services.keys import create_api_key, revoke_api_key, touch_api_key
from clients.services.photos import (
    clear_old_photo,
    record_old_photo_template,
    record_old_photo_unusable,
    request_old_photo_extraction,
    set_old_photo,
)
from clients.services.reviews import approve_enrollment, reject_enrollment
from clients.services.samples import NewSample, record_samples
from clients.services.tenants import (
    ClientPolicy,
    create_client,
    reveal_webhook_secret,
    rotate_webhook_secret,
    update_client,
)
from clients.services.users import (
    BULK_LIMIT,
    BulkResult,
    NewUser,
    RowFailure,
    bulk_create_users,
    create_user,
    request_preload,
    update_user,
)

__all__ = [
    "BULK_LIMIT",
    "BulkResult",
    "ClientPolicy",
    "DeletionReceipt",
    "NewSample",
    "NewUser",
    "RowFailure",
    "approve_enrollment",
    "bulk_create_users",
    "clear_old_photo",
    "create_api_key",
    "create_client",
    "create_user",
    "delete_client",
    "delete_user",
    "purge_expired_images",
    "purge_orphan_files",
    "record_old_photo_template",
    "record_old_photo_unusable",
    "record_samples",
    "reject_enrollment",
    "request_old_photo_extraction",
    "request_preload",
    "reveal_webhook_secret",
    "revoke_api_key",
    "rotate_webhook_secret",
    "set_old_photo",
    "touch_api_key",
    "update_client",
    "update_user",
]
