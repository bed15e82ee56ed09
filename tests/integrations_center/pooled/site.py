"""Views that use the database, and wait for somebody in one way or the other."""

import os
import socket

from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from integrations.database import release_connection


def pid(request: HttpRequest) -> HttpResponse:
    _query()
    return HttpResponse(os.getpid())


def waiting(request: HttpRequest, port: int) -> HttpResponse:
    """Wait for a platform as a test does: without a connection."""
    _query()
    release_connection()
    _wait(port)
    _query()
    return HttpResponse(os.getpid())


def holding(request: HttpRequest, port: int) -> HttpResponse:
    _query()
    _wait(port)
    return HttpResponse(os.getpid())


def permissions(request: HttpRequest) -> HttpResponse:
    """Read in pieces, for which Django would keep a cursor on the server."""
    return HttpResponse(sum(1 for _ in Permission.objects.iterator(chunk_size=5)))


def _query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _wait(port: int) -> None:
    """Until the other side says that it is enough, by closing."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as platform:
        platform.recv(1)


urlpatterns = [
    path("pid", pid),
    path("api/pid", pid),
    path("permissions", permissions),
    path("waiting/<int:port>", waiting),
    path("holding/<int:port>", holding),
]
