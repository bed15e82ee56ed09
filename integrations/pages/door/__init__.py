"""The door: signing in and out, and passwords. Built on django-allauth's account app."""
