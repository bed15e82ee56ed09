"""The pool of connections, in a real server process before a real PostgreSQL."""
