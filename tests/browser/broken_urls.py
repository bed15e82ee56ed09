"""The site's addresses, and one that crashes."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from integrations_center import urls

handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500


def crash(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("crash/", crash), *urls.urlpatterns]
