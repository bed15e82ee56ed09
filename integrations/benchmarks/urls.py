"""The site's addresses, and beside them the least that could answer."""

from django.urls import include, path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.models import IntegrationConnection


class Bare(APIView):
    """A signed-in person, one query, its rows as they are."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        rows = IntegrationConnection.objects.filter(workspace__slug="main").values(
            *COLUMNS, *(f"last_test__{column}" for column in TEST_COLUMNS)
        )
        return Response(list(rows))


COLUMNS = [
    field.name
    for field in IntegrationConnection._meta.concrete_fields
    if field.name not in ("credentials", "key_id")
]
TEST_COLUMNS = ("outcome", "message", "steps", "started_at", "duration_ms")

urlpatterns = [
    path("api/bare", Bare.as_view()),
    path("", include("integrations_center.urls")),
]
