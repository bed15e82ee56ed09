"""Who is known there. Nothing here is a secret."""

from providers.declare import App

# Characters that RFC 6749 section 2.3.1 has encoded before they go into a header.
APP = App("app:of/tests", "s+cret/with%20odd=characters&more")
NARROW = App("app-without-a-scope", "its-own-secret")
REDIRECT_URI = "http://testserver/oauth/calendly/callback/"
PEOPLE = ("ada", "ben", "cara")
PASSWORD = "pass-word-1"
