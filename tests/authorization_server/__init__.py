"""A platform not written here: a site that is nothing but django-oauth-toolkit."""
