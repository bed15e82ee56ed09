"""The site's addresses, and beside them the least that could answer."""

from django.urls import include, path
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.models import IntegrationConnection
from integrations.services.people import people


class Bare(APIView):
    """A signed-in person, one query for the same rows, and two columns of each."""

    authentication_classes = (SessionAuthentication,)

    def get(self, request: Request) -> Response:
        rows = IntegrationConnection.objects.filter(workspace__slug=people.DEFAULT_SLUG)
        return Response([{"provider": row.provider, "status": row.status} for row in rows])


urlpatterns = [
    path("api/bare", Bare.as_view()),
    path("", include("integrations_center.urls")),
]
