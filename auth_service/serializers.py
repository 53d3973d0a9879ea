"""Sessions on the wire: what a client asks for and what it is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from auth_service.models import OldPhotoVerdict, SessionPurpose, SessionState, Verdict


class OpenSessionSerializer(serializers.Serializer[Any]):
    external_user_id = serializers.CharField(max_length=128)


class OldPhotoSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=OldPhotoVerdict.choices, allow_null=True)
    similarity = serializers.FloatField(allow_null=True, help_text="Cosine in [-1, 1].")


class SessionSerializer(serializers.Serializer[Any]):
    """Describes `presenters.present_session` for the API schema."""

    session_id = serializers.UUIDField()
    purpose = serializers.ChoiceField(choices=SessionPurpose.choices)
    external_user_id = serializers.CharField()
    state = serializers.ChoiceField(choices=SessionState.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    similarity = serializers.FloatField(
        allow_null=True, help_text="Cosine of the live face with the enrolled template."
    )
    threshold = serializers.FloatField(allow_null=True)
    liveness_score = serializers.FloatField(allow_null=True, help_text="0 to 1; 0.5 is the limit.")
    liveness_level = serializers.CharField(help_text="The level that was asked for.")
    liveness_level_reached = serializers.CharField(
        allow_null=True,
        help_text="The level whose every signal was measured and agreed in the last attempt; null when "
        "none was.",
    )
    liveness_risk = serializers.FloatField(
        allow_null=True,
        help_text="Hints of an injected feed in the last attempt, 0 to 1. Never refuses by itself.",
    )
    old_photo = OldPhotoSerializer()
    duplicate_of = serializers.CharField(
        allow_null=True, help_text="External id of a person who looks the same."
    )
    attempts = serializers.IntegerField()
    attempts_left = serializers.IntegerField()
    contract = serializers.CharField(allow_null=True, help_text="Identity of the face model.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class OpenedSessionSerializer(SessionSerializer):
    token = serializers.CharField(help_text="For one person's page; shown once.")
    url = serializers.URLField(help_text="The page to send the person to.")
    socket_url = serializers.CharField(help_text="For a page of your own.")
