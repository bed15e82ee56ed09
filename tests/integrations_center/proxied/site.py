"""What gunicorn serves here: the product, and a page that tells what it knows of a request."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path, reverse
from django.views.decorators.csrf import csrf_exempt

from integrations_center import front_door
from integrations_center.wsgi import application as application


@csrf_exempt
def seen(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "client": request.META["REMOTE_ADDR"],
            "scheme": request.scheme,
            "host": request.get_host(),
            "method": request.method,
            "login": reverse("login"),
            "trouble": front_door.trouble_of(request),
        }
    )


urlpatterns = [path("seen/", seen), path("", include("integrations_center.urls"))]
settings.ROOT_URLCONF = __name__
