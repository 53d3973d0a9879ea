"""Photos and samples for staff: served by a view that asks who is looking, small unless asked."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.errors import InvalidImage
from common.images import make_thumbnail

_SMALLEST_PX, _LARGEST_PX = 16, 512


def thumbnail(address: str, *, side_px: int, alt: str) -> SafeString | str:
    """An ``img`` of at most ``side_px``, linked to the whole picture; empty without an address."""
    if not address:
        return ""
    # Twice the side: most screens have two pixels to one of CSS.
    return format_html(
        '<a href="{0}"><img src="{0}?side={1}" alt="{2}" loading="lazy" '
        'style="max-width:{3}px;max-height:{3}px;border-radius:4px;display:inline-block"></a>',
        address,
        2 * side_px,
        alt,
        side_px,
    )


def view_private_file(request: HttpRequest, file: FieldFile | None, *, allowed: bool) -> HttpResponse:
    """The picture as JPEG, at most ``?side=`` pixels. Raises PermissionDenied, Http404."""
    if not allowed:
        raise PermissionDenied
    if not file:
        raise Http404
    try:
        with file.open("rb") as stream:
            data = stream.read()
    except FileNotFoundError as error:
        raise Http404 from error
    side = request.GET.get("side", "")
    if side.isascii() and side.isdecimal():
        try:
            data = make_thumbnail(data, max_side_px=min(max(int(side[:5]), _SMALLEST_PX), _LARGEST_PX))
        except InvalidImage as error:
            raise Http404 from error
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type="image/jpeg", headers=headers)
