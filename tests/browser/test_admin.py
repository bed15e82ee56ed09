"""The admin is drawn by Django; it works under our Content Security Policy."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD

pytestmark = pytest.mark.looks


@pytest.mark.parametrize("path", ["/admin/", "/admin/integrations/integrationconnection/"])
def test_the_browser_does_not_complain_about_the_admin(open_page, meta, path):
    page = open_page(User.objects.create_superuser("root", "", PASSWORD), path)

    expect(page.get_by_role("heading", level=1)).to_be_visible()
