"""What a browser is shown: one module a page, with its forms and words.

Imports services and models.
"""
