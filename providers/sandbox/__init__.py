"""A server on this machine that answers like the platforms: for a first try, drills and tests.

`python -m providers.sandbox` starts it and lists what it knows. One file a platform, which
answers what the platform's documents say and refuses what the platform would refuse.
"""
