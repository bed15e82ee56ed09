"""How one is let in: values as typed, grants, and sign-ins. Each gives an authorised Api.

Imports declare, outbound and errors.
"""
