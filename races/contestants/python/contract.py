"""The nine routes of docs/races.md, for any framework in Python.

A face says how its library opens, changes and ends a session. The steps of a request stop once, where the
handler does its work: whoever runs them waits there at the gate.
"""

import os
import platform
import re
import urllib.request
from importlib.metadata import version

HOST = "127.0.0.1"
PORT = int(os.environ["PORT"])
FOLDER = os.environ["RACES_FOLDER"]


def answer(face, method, path, gate):
    """For frameworks that give a request a thread: (status, JSON or None, location or None)."""
    steps = steps_of(face, method, path)
    try:
        next(steps)
        wait_at(gate)
        next(steps)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a request stops at one gate")


def wait_at(gate):
    if gate:
        urllib.request.urlopen(gate).read()


def steps_of(face, method, path):
    for pattern, handler in ROUTES:
        found = re.fullmatch(pattern, f"{method} {path}")
        if found:
            return handler(face, *found.groups())
    return missing()


def missing():
    return 404, {}, None
    yield


def about(face):
    versions = {name: version(name) for name in face.packages}
    return 200, {"runtime": f"Python {platform.python_version()}", "versions": versions}, None
    yield


def read(face):
    session = face.open()
    values = dict(session)
    yield
    return 200, {"user": values.pop("user", None), "values": values}, None


def set_key(face, key):
    session = face.open()
    dict(session)
    yield
    session[key] = 1
    return 200, {}, None


def increment(face):
    session = face.open()
    count = session.get("count", 0)
    yield
    session["count"] = count + 1
    return 200, {}, None


def redirect(face, key):
    yield from set_key(face, key)
    return 303, None, "/read"


def sign_in(face, user):
    face.sign_in(user)
    return 200, {}, None
    yield


def sign_out(face):
    face.sign_out()
    return 200, {}, None
    yield


def list_sessions(face, user):
    if not hasattr(face, "of_user"):
        return 501, {}, None
    return 200, {"sessions": len(face.of_user(user))}, None
    yield


def end_sessions(face, user):
    if not hasattr(face, "of_user"):
        return 501, {}, None
    for session in face.of_user(user):
        session.delete()
    return 200, {}, None
    yield


ROUTES = [
    (r"GET /about", about),
    (r"GET /read", read),
    (r"POST /set/(\w+)", set_key),
    (r"POST /increment", increment),
    (r"POST /redirect/(\w+)", redirect),
    (r"POST /sign-in/(\w+)", sign_in),
    (r"POST /sign-out", sign_out),
    (r"GET /users/(\w+)", list_sessions),
    (r"POST /users/(\w+)/end", end_sessions),
]
