"""People and their samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from clients import services
from clients.admin.base import ReadOnlyAdmin, ServiceAdmin, action, display, staff_actor
from clients.admin.private_files import thumbnail, view_private_file
from clients.models import ClientUser, FaceSample
from common.errors import FaceAppError
from common.images import clean_photo

_SAMPLES_SHOWN = 12


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    new_old_photo = forms.FileField(
        required=False,
        label=_("New old photo"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("JPEG, PNG or WebP; replaces the present one."),
    )
    remove_old_photo = forms.BooleanField(
        required=False, label=_("Remove the old photo"), widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = ClientUser
        fields = ("client", "external_user_id", "name", "attributes", "region", "is_active")

    def clean_new_old_photo(self) -> bytes | None:
        upload: UploadedFile[bytes] | None = self.cleaned_data.get("new_old_photo")
        if not upload:
            return None
        # One byte more than allowed is enough to be refused for it.
        data = bytes(upload.read(settings.MAX_IMAGE_BYTES + 1))
        try:
            clean_photo(data, max_bytes=settings.MAX_IMAGE_BYTES, max_pixels=settings.MAX_IMAGE_PIXELS)
        except FaceAppError as error:
            raise forms.ValidationError(error.message) from error
        return data


@admin.register(ClientUser)
class ClientUserAdmin(ServiceAdmin):
    """Other apps may add actions with `add_action`: they know this page, it does not know them."""

    form = PersonForm
    list_display = (
        "small_photo",
        "external_user_id",
        "name",
        "client",
        "region",
        "enrollment",
        "photo_state",
        "is_active",
        "created_at",
    )
    list_display_links = ("external_user_id",)
    list_filter = (
        ("client", RelatedDropdownFilter),
        "enrollment_state",
        "old_photo_state",
        "is_active",
        "region",
        "created_at",
    )
    search_fields = ("external_user_id", "name", "client__name", "client__client_id")
    list_select_related = ("client",)
    autocomplete_fields = ("client",)
    actions: tuple[Any, ...] = ("extract_old_photos", "approve", "reject")
    readonly_fields = (
        "large_photo",
        "old_photo_state",
        "old_photo_reason",
        "old_photo_contract",
        "enrollment_state",
        "enrolled_at",
        "embedding_contract",
        "samples",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": ("client", "external_user_id", "name", "region", "is_active", "attributes")}),
        (
            _("Old photo"),
            {
                "fields": (
                    "large_photo",
                    "new_old_photo",
                    "remove_old_photo",
                    "old_photo_state",
                    "old_photo_reason",
                    "old_photo_contract",
                )
            },
        ),
        (
            _("Enrollment"),
            {"fields": ("enrollment_state", "enrolled_at", "embedding_contract", "samples")},
        ),
        (_("Times"), {"fields": ("created_at", "updated_at")}),
    )

    @classmethod
    def add_action(cls, function: Callable[[Any, HttpRequest, QuerySet[ClientUser]], Any]) -> None:
        """Offer ``function(model_admin, request, queryset)`` in the list's action menu. Safe to repeat."""
        if function not in cls.actions:
            cls.actions = (*cls.actions, function)

    def get_urls(self) -> list[URLPattern]:
        photo = path(
            "<int:user_id>/photo/",
            self.admin_site.admin_view(self.photo_view),
            name="clients_clientuser_photo",
        )
        return [photo, *super().get_urls()]

    def photo_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        user = self.get_queryset(request).filter(pk=user_id).first()
        allowed = self.has_view_permission(request, user)
        return view_private_file(request, user.old_profile_photo if user else None, allowed=allowed)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClientUser]:
        people: QuerySet[ClientUser] = super().get_queryset(request)
        return people.defer("cached_embedding", "cached_old_photo_embedding")

    def get_readonly_fields(self, request: HttpRequest, obj: ClientUser | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "client", "external_user_id") if obj else self.readonly_fields

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.autocomplete_fields

    @display(description="")
    def small_photo(self, user: ClientUser) -> SafeString | str:
        return thumbnail(_photo_address(user), side_px=40, alt=user.external_user_id)

    @display(description=_("Old photo"))
    def large_photo(self, user: ClientUser) -> SafeString | str:
        return thumbnail(_photo_address(user), side_px=240, alt=user.external_user_id) or "-"

    @display(
        description=_("Enrollment"),
        ordering="enrollment_state",
        label={"enrolled": "success", "needs_review": "warning", "not_enrolled": "info"},
    )
    def enrollment(self, user: ClientUser) -> tuple[str, str]:
        return user.enrollment_state, user.get_enrollment_state_display()

    @display(
        description=_("Old photo"),
        ordering="old_photo_state",
        label={"ready": "success", "pending": "info", "unusable": "danger"},
    )
    def photo_state(self, user: ClientUser) -> tuple[str, str]:
        text = user.get_old_photo_state_display()
        return user.old_photo_state, f"{text}: {user.old_photo_reason}" if user.old_photo_reason else text

    @display(description=_("Samples"))
    def samples(self, user: ClientUser) -> SafeString:
        counted = user.samples.values("source").annotate(number=Count("id")).order_by("source")
        summary = ", ".join(f"{row['number']} {row['source']}" for row in counted) or "-"
        kept = user.samples.exclude(image="")[:_SAMPLES_SHOWN]
        pictures = format_html_join(
            " ",
            "{}",
            ((thumbnail(sample_address(sample), side_px=80, alt=sample.source),) for sample in kept),
        )
        return format_html("{}<br>{}", summary, pictures)

    @action(description=_("Read the old photo again"), permissions=["change"])
    def extract_old_photos(self, request: HttpRequest, queryset: QuerySet[ClientUser]) -> None:
        self.run_for_each(
            request,
            queryset,
            lambda user: services.request_old_photo_extraction(user=user),
            done=_("Photos queued"),
        )

    @action(description=_("Approve enrollments that need review"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[ClientUser]) -> None:
        actor = staff_actor(request)
        self.run_for_each(
            request,
            queryset,
            lambda user: services.approve_enrollment(user=user, actor=actor),
            done=_("Enrollments approved"),
        )

    @action(description=_("Reject enrollments that need review"), permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ClientUser]) -> None:
        actor = staff_actor(request)
        self.run_for_each(
            request,
            queryset,
            lambda user: services.reject_enrollment(user=user, actor=actor),
            done=_("Enrollments rejected"),
        )

    def save_model(
        self, request: HttpRequest, obj: ClientUser, form: forms.ModelForm[ClientUser], change: bool
    ) -> None:
        actor = staff_actor(request)
        values = {name: form.cleaned_data[name] for name in ("name", "attributes", "region")}
        if change:
            user = services.update_user(
                user=obj, is_active=form.cleaned_data["is_active"], actor=actor, **values
            )
        else:
            user = services.create_user(
                client=form.cleaned_data["client"],
                external_user_id=form.cleaned_data["external_user_id"],
                actor=actor,
                **values,
            )
            if not form.cleaned_data["is_active"]:
                services.update_user(user=user, is_active=False, actor=actor)
            # The admin goes on with its own object: to log the addition and to say where it is.
            obj.pk = user.pk
            obj._state.adding = False
        photo = form.cleaned_data.get("new_old_photo")
        if photo:
            services.set_old_photo(user=user, data=photo, actor=actor)
        elif form.cleaned_data.get("remove_old_photo"):
            services.clear_old_photo(user=user, actor=actor)

    def delete_model(self, request: HttpRequest, obj: ClientUser) -> None:
        services.delete_user(user=obj, actor=staff_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ClientUser]) -> None:
        for user in queryset:
            services.delete_user(user=user, actor=staff_actor(request))


@admin.register(FaceSample)
class FaceSampleAdmin(ReadOnlyAdmin):
    list_display = ("small_image", "id", "user", "client", "source", "confidence", "contract", "created_at")
    list_display_links = ("id",)
    list_filter = (("client", RelatedDropdownFilter), "source", "contract", "created_at")
    search_fields = ("id", "session_id", "user__external_user_id", "user__name", "client__client_id")
    list_select_related = ("client", "user")
    fields = (
        "large_image",
        "user",
        "client",
        "source",
        "session_id",
        "quality",
        "box",
        "confidence",
        "contract",
        "created_at",
    )

    def get_urls(self) -> list[URLPattern]:
        image = path(
            "<uuid:sample_id>/image/",
            self.admin_site.admin_view(self.image_view),
            name="clients_facesample_image",
        )
        return [image, *super().get_urls()]

    def image_view(self, request: HttpRequest, sample_id: Any) -> HttpResponse:
        sample = self.get_queryset(request).filter(pk=sample_id).first()
        allowed = self.has_view_permission(request, sample)
        return view_private_file(request, sample.image if sample else None, allowed=allowed)

    def get_queryset(self, request: HttpRequest) -> QuerySet[FaceSample]:
        samples: QuerySet[FaceSample] = super().get_queryset(request)
        return samples.defer("template")

    @display(description="")
    def small_image(self, sample: FaceSample) -> SafeString | str:
        return thumbnail(sample_address(sample), side_px=40, alt=sample.source)

    @display(description=_("Image"))
    def large_image(self, sample: FaceSample) -> SafeString | str:
        return thumbnail(sample_address(sample), side_px=240, alt=sample.source) or "-"


def _photo_address(user: ClientUser) -> str:
    if not user.pk or not user.old_profile_photo:
        return ""
    return reverse("admin:clients_clientuser_photo", args=[user.pk])


def sample_address(sample: FaceSample) -> str:
    return reverse("admin:clients_facesample_image", args=[sample.pk]) if sample.image else ""
