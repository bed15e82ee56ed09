"""A browser without script, which sends a page's forms as they stand there."""

import re
from html import unescape

from django.test import Client

from integrations.sessions import BACKEND

MEMBERS = "/w/main/members/"
PASSWORD = "pass-word-1"  # of whoever `person` makes


class Visitor(Client):
    """`visitor.send(page, action, …)` fills the form that leads to `action` and follows."""

    def __init__(self, user=None, **more):
        super().__init__(enforce_csrf_checks=True, **more)
        if user:
            self.force_login(user, backend=BACKEND)

    def send(self, page, action, follow=True, **typed):
        shown = self.get(page, follow=True)
        found = re.findall(r"<form[^>]*>.*?</form>", shown.content.decode(), re.DOTALL)
        here = shown.redirect_chain[-1][0] if shown.redirect_chain else page
        forms = [one for one in found if f'action="{action}"' in one or action == here]
        assert forms, f"No form leads to {action}."
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', forms[0])
        data = {name: unescape(value) for name, value in hidden}
        return self.post(action, data | typed, follow=follow)

    def says(self, page):
        return text_of(self.get(page))


def text_of(response):
    words = re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi>", "", response.content.decode()))
    return re.sub(r"\s+", " ", unescape(words))
