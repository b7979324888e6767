"""Writes starlette.<version>.json: cookies that Starlette's own SessionMiddleware wrote and read.

Run with a Python that has starlette and itsdangerous (Debian: python3-starlette):

    python3 write_starlette.py ..
"""

import asyncio
import base64
import json
import platform
import sys
from importlib import metadata
from pathlib import Path

import itsdangerous
from starlette.middleware.sessions import SessionMiddleware

SECRET = "golden-secret-\u00e9-1"
NOW = 1_700_000_000
MAX_AGE = 14 * 24 * 60 * 60

clock = NOW
itsdangerous.TimestampSigner.get_timestamp = lambda self: clock


async def visit(cookie, change, secret, max_age):
    """Runs one request through the middleware: what it read, and the cookie that it set."""
    seen = {}

    async def app(scope, receive, send):
        seen["session"] = scope["session"]
        if change is not None:
            scope["session"] = change
        await send({"type": "http.response.start", "status": 200, "headers": []})

    answers = []

    async def send(message):
        answers.append(message)

    headers = [] if cookie is None else [(b"cookie", b"session=" + cookie.encode("latin-1"))]
    scope = {"type": "http", "headers": headers}
    await SessionMiddleware(app, secret, max_age=max_age)(scope, None, send)
    values = [value.decode("latin-1") for name, value in answers[0]["headers"] if name == b"set-cookie"]
    return seen["session"], values[0] if values else None


def at(now, cookie=None, change=None, secret=SECRET, max_age=MAX_AGE):
    global clock
    clock = now
    return asyncio.run(visit(cookie, change, secret, max_age))


def note(value):
    """A value in the notation of the vectors."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        if any(0xD800 <= ord(unit) <= 0xDFFF for unit in value):
            raw = value.encode("utf-16-be", "surrogatepass").hex()
            return {"$t": "str-surrogates", "utf16be": raw}
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"$t": "int", "v": str(value)}
    if isinstance(value, float):
        return {"$t": "float", "v": repr(value)}
    if isinstance(value, tuple):
        return {"$t": "tuple", "v": [note(item) for item in value]}
    if isinstance(value, list):
        return [note(item) for item in value]
    return {"$t": "dict", "v": [[note(key), note(item)] for key, item in value.items()]}


ENCODE = [
    ("simple", "insertion order is kept", {"user_id": 42, "name": "alice"}, NOW),
    ("order", "", {"z": 1, "a": 2, "10": 3, "9": 4}, NOW),
    ("spaces", "json.dumps without separators", {"a": [1, [2, {"b": None}]], "t": True, "e": {}, "l": []}, NOW),
    ("unicode", "", {"name": "Zo\u00eb \u4f60\u597d \U0001f600", "\u00fc": "\u2028</script>\x7f\x01\"\\/"}, NOW),
    ("surrogate", "", {"s": "a\ud800"}, NOW),
    ("numbers", "", {"i": 0, "n": -7, "b": 2**53 + 1, "h": 2**70, "f": 1.0, "g": 1e-05, "x": 1e16, "z": -0.0}, NOW),
    ("nan", "", {"n": float("nan"), "i": float("inf"), "m": float("-inf")}, NOW),
    ("tuple", "becomes a list", {"t": (1, ("a", None))}, NOW),
    ("keys", "become text", {"m": {1: "a", None: "b", 1.5: "c", True: "d"}}, NOW),
    ("long", "never compressed", {"items": [{"id": index, "name": "item"} for index in range(40)]}, NOW),
    ("ts-small", "", {"a": 1}, 1),
    ("ts-5-bytes", "", {"a": 1}, 2**32 + 5),
]

signer = itsdangerous.TimestampSigner(SECRET)


def signed(payload):
    global clock
    clock = NOW
    return signer.sign(payload).decode()


VALID = at(NOW, change={"user_id": 42, "name": "alice"})[1].split(";")[0].removeprefix("session=")
HEAD, STAMP, SIGNATURE = VALID.split(".")

DECODE = [
    ("valid", "", VALID, NOW, SECRET, MAX_AGE),
    ("at-limit", "", VALID, NOW + MAX_AGE, SECRET, MAX_AGE),
    ("expired", "", VALID, NOW + MAX_AGE + 1, SECRET, MAX_AGE),
    ("no-max-age", "max_age=None", VALID, NOW + 10 * MAX_AGE, SECRET, None),
    ("future", "", VALID, NOW - 1, SECRET, MAX_AGE),
    ("future-no-max-age", "", VALID, NOW - 1, SECRET, None),
    ("wrong-secret", "", VALID, NOW, "other", MAX_AGE),
    ("tampered-payload", "", "A" + VALID[1:], NOW, SECRET, MAX_AGE),
    ("tampered-time", "", f"{HEAD}.ZVPxAQ.{SIGNATURE}", NOW, SECRET, MAX_AGE),
    ("tampered-signature", "", f"{HEAD}.{STAMP}.A{SIGNATURE[1:]}", NOW, SECRET, MAX_AGE),
    ("truncated", "", VALID[:-1], NOW, SECRET, MAX_AGE),
    ("no-signature", "", HEAD, NOW, SECRET, MAX_AGE),
    ("null", "what it sets to delete", "null", NOW, SECRET, MAX_AGE),
    ("no-time", "", itsdangerous.Signer(SECRET).sign(HEAD).decode(), NOW, SECRET, MAX_AGE),
    ("bad-base64", "a signed payload that is none: an error", signed("abc"), NOW, SECRET, MAX_AGE),
    ("bad-json", "the same", signed(base64.b64encode(b"{")), NOW, SECRET, MAX_AGE),
    ("compact", "a document without spaces", signed(base64.b64encode(b'{"a":1.0}')), NOW, SECRET, MAX_AGE),
]


def encoded(id, why, payload, timestamp):
    _, header = at(timestamp, change=payload)
    cookie = header.split(";")[0].removeprefix("session=")
    decoded, _ = at(timestamp, cookie)
    return {
        "id": id,
        "why": why,
        "secret": SECRET,
        "timestamp": timestamp,
        "payload": note(payload),
        "json": json.dumps(payload),
        "cookie": cookie,
        "decoded": note(decoded),
        "set_cookie": header,
    }


def decoded(id, why, cookie, now, secret, max_age):
    try:
        session, _ = at(now, cookie, secret=secret, max_age=max_age)
        # The middleware gives an empty session for what it refuses.
        result = {"ok": bool(session), "data": note(session)}
    except Exception as error:
        result = {"ok": False, "error": type(error).__name__}
    return {
        "id": id,
        "why": why,
        "secret": secret,
        "max_age": max_age,
        "now": now,
        "cookie": cookie,
        "result": result,
    }


version = metadata.version("starlette")
vectors = {
    "system": "starlette-session-middleware",
    "versions": {
        "starlette": version,
        "itsdangerous": metadata.version("itsdangerous"),
        "python": platform.python_version(),
    },
    "generated_with": "make/write_starlette.py",
    "format": "base64(json).base64url(be-int timestamp).base64url(hmac-sha1)",
    "constants": {"salt": "itsdangerous.Signer", "key_derivation": "django-concat", "digest": "sha1"},
    "encode": [encoded(*case) for case in ENCODE],
    "decode": [decoded(*case) for case in DECODE],
}
target = Path(sys.argv[1]) / f"starlette.{version}.json"
target.write_text(json.dumps(vectors, indent=1) + "\n")
