"""Ways to tell people, one file a kind: what it asks for, and how a message is written for it.

Imports kinds, letters and providers; knows no row. A new kind is one file with a KIND.
"""
