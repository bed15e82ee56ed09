"""The pages of the door. Who tries too often is answered by `pages.refused`."""

from typing import Any

from allauth.account import views as allauth
from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from integrations.pages.door import forms
from integrations.pages.parts import count_link
from integrations.services.people import devices, guesses, people
from integrations.sessions import BACKEND


class SignIn(allauth.LoginView):
    form_class = forms.SignInForm
    template_name = "registration/login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever comes to the demo is its owner."""
        owner = User.objects.filter(is_superuser=True).first() if settings.DEMO else None
        if owner and not request.user.is_authenticated:
            login(request, owner, backend=BACKEND)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: forms.SignInForm) -> HttpResponse:
        response = super().form_valid(form)
        if self.request.user.is_authenticated:
            devices.remember(response, self.request.user)
        return response

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        was_signed_out = self.request.GET.get("ended") == "session"
        nobody = people.nobody_has_an_account()
        return super().get_context_data(nobody=nobody, was_signed_out=was_signed_out, **more)


@never_cache
def admin_login(request: HttpRequest) -> HttpResponseBase:
    """The admin asks at the one door; whoever is in, but no staff, is told whom it is for."""
    if request.user.is_authenticated and not request.user.is_staff:
        return render(request, "403.html", {"staff": True}, status=403)
    answer: HttpResponseBase = secure_admin_login(admin.site.login)(request)
    return answer


class SignOut(allauth.LogoutView):
    http_method_names = ["post", "options"]


@method_decorator(never_cache, name="dispatch")
class PasswordChange(allauth.PasswordChangeView):
    form_class = forms.ChangeForm
    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("dashboard")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            return redirect("password_reset")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: forms.ChangeForm) -> HttpResponse:
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


class PasswordReset(allauth.PasswordResetView):
    form_class = forms.LinkForm
    template_name = "registration/password_reset_form.html"
    success_url = reverse_lazy("password_reset_done")

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return super().get_context_data(can_reset=settings.EMAIL_IS_CONFIGURED, **more)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.EMAIL_IS_CONFIGURED:
            return self.get(request, *args, **kwargs)
        return super().post(request, *args, **kwargs)


class PasswordResetSent(allauth.PasswordResetDoneView):
    template_name = "registration/password_reset_done.html"


@method_decorator(never_cache, name="dispatch")
class NewPassword(allauth.PasswordResetFromKeyView):
    """Behind the link in the mail, which leads on to an address without its token."""

    form_class = forms.NewPasswordForm
    template_name = "registration/password_reset_confirm.html"
    success_url = reverse_lazy("password_reset_complete")

    def dispatch(
        self, request: HttpRequest, uidb36: str, key: str, **kwargs: Any
    ) -> HttpResponseBase:
        if key == self.reset_url_key:
            return super().dispatch(request, uidb36, key, **kwargs)
        guess = count_link(request)
        response = super().dispatch(request, uidb36, key, **kwargs)
        if response.status_code == 302:
            guess.was_right()
        return response

    def form_valid(self, form: forms.NewPasswordForm) -> HttpResponse:
        """Whoever reads the person's mail may sign in at once, also after too many tries."""
        response = super().form_valid(form)
        address = self.request.META.get("REMOTE_ADDR", "")
        guesses.forget_sign_in(self.reset_user.get_username(), address)
        return response


class PasswordSaved(allauth.PasswordResetFromKeyDoneView):
    template_name = "registration/password_reset_complete.html"
