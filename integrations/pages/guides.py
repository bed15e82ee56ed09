"""The guides: how somebody who has never done it gets what each way to connect asks for."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from integrations.models import IntegrationConnection, Role
from integrations.pages.parts import Request, find_connection, in_workspace
from integrations.services.credentials import apps
from providers.declare import SIGN_IN, AppForm, Method, OAuth, Provider, Vendor


@dataclass(frozen=True)
class Asked:
    """Who is asked, in whose words: the platform, or one vendor of it."""

    who: Provider
    vendor: Vendor | None
    name: str
    methods: list[Method]

    def method(self, slug: str) -> Method | None:
        return next((method for method in self.methods if method.slug == slug), None)


@dataclass(frozen=True)
class SetUp:
    """What a sign-in needs once at the platform: an app, with our address and these scopes."""

    app: AppForm
    oauth: OAuth
    redirect_uri: str
    is_ready: bool

    @property
    def is_for_trials(self) -> bool:
        """Whether the platform may refuse the redirect URI, which is no https address."""
        return not self.redirect_uri.startswith("https://")


@require_GET
@in_workspace(Role.VIEWER)
def guides(request: Request, slug: str) -> HttpResponse:
    """Every way to connect a platform, of each of its vendors."""
    connection = find_connection(request, slug)
    provider = connection.platform
    asked = [_as(provider, vendor) for vendor in provider.vendors or (None,)]
    return _page(request, connection, "integrations/guides.html", asked=asked)


@require_GET
@in_workspace(Role.VIEWER)
def guide(request: Request, slug: str, method: str) -> HttpResponse:
    """One way to connect; of a platform that is several, in the words of `?first=`, else of the
    vendor that is saved.
    """
    connection = find_connection(request, slug)
    provider = connection.platform
    chosen = request.GET.get("first", "") or connection.config.get(provider.asks_first, "")
    vendor = provider.vendor(chosen)
    if provider.vendors and vendor is None:
        return redirect("guides", request.access.workspace.slug, slug)
    asked = _as(provider, vendor)
    way = asked.method(method)
    if way is None:
        raise Http404
    set_up = _set_up(request, asked.who) if way.slug == SIGN_IN else None
    context = {"asked": asked, "way": way, "guide": way.guide, "set_up": set_up}
    return _page(request, connection, "integrations/guide.html", **context)


def _as(provider: Provider, vendor: Vendor | None) -> Asked:
    if vendor is None:
        return Asked(provider, None, provider.name, list(provider.methods))
    who = provider.for_values({provider.asks_first: vendor.value})
    name = dict(provider.field(provider.asks_first).choices)[vendor.value]
    return Asked(who, vendor, name, vendor.methods_of(provider.methods))


def _set_up(request: Request, who: Provider) -> SetUp | None:
    if who.oauth is None:
        return None
    app = who.oauth.app
    is_ready = app.slug in apps.ready(request.access.workspace)
    return SetUp(app, who.oauth, apps.redirect_uri(app.slug), is_ready)


def _page(
    request: Request, connection: IntegrationConnection, template: str, **context: object
) -> HttpResponse:
    context |= {"page": "settings", "section": "integrations", "provider": connection.platform}
    return render(request, template, context)
