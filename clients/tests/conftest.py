from __future__ import annotations

from typing import Any

import pytest

from clients.choices import EnrollmentState, SampleSource
from clients.models import Client, ClientUser
from clients.services import (
    NewSample,
    create_api_key,
    record_samples,
    request_preload,
    set_old_photo,
    update_client,
)


@pytest.fixture
def full(tenant: Client, user: ClientUser, make_photo: Any, make_template: Any) -> ClientUser:
    """A person with photo, kept sample, job, and templates that no page may show."""
    update_client(client=tenant, image_retention="samples")
    tenant.refresh_from_db()
    user = set_old_photo(user=user, data=make_photo())
    user.cache_embedding(make_template(1))
    user.cache_old_photo_embedding(make_template(2))
    user.enrollment_state = EnrollmentState.NEEDS_REVIEW
    user.save()
    sample = NewSample(template=make_template(3), jpeg=make_photo(), quality={"size_px": 90.0})
    record_samples(user=user, samples=[sample], source=SampleSource.ENROLLMENT)
    create_api_key(client=tenant, name="server", scopes=["users:read"])
    request_preload(user=user)
    return user
