"""A Tornado application.

Kinds: `cookie` keeps all in one signed cookie; `redis` and `memcached` keep it as pycket does:
the cookie names a record, which each change reads and writes whole.
"""

import asyncio
import json
import pickle
import time
from uuid import uuid4

import redis
import tornado.web
from protocol import ODD_IN_JSON, ODD_IN_PICKLE, append, edit, kind, port, secret, servers, shown
from protocol import shown_odd, tell_loaded, to_json
from pymemcache.client.base import Client

LIFETIME = 86_400
DAYS_OF_A_COOKIE = 31


class CookieSession:
    """All values as JSON in the signed cookie `session`."""

    def __init__(self, page):
        self.page = page

    def load(self):
        return json.loads(self.page.get_secure_cookie("session") or "{}")

    def save(self, values):
        self.page.set_secure_cookie("session", json.dumps(values))

    def expire(self):
        long_ago = lambda: time.time() - (DAYS_OF_A_COOKIE + 1) * 86_400
        text = json.dumps(self.load())
        signed = tornado.web.create_signed_value(secret, "session", text, clock=long_ago)
        self.page.set_cookie("session", signed)


class StoredSession:
    """A record under the bare id that the signed cookie PYCKET_ID holds."""

    def __init__(self, page, store):
        self.page, self.store = page, store

    def id(self):
        if not hasattr(self.page, "session_id"):
            signed = self.page.get_secure_cookie("PYCKET_ID")
            self.page.session_id = signed.decode() if signed else str(uuid4())
            if signed is None:
                self.page.set_secure_cookie("PYCKET_ID", self.page.session_id)
        return self.page.session_id

    def load(self):
        raw = self.store.get(self.id())
        return pickle.loads(raw) if raw else {}

    def save(self, values):
        if kind == "redis":
            self.store.set(self.id(), pickle.dumps(values))
            self.store.expire(self.id(), LIFETIME)
        else:
            self.store.set(self.id(), pickle.dumps(values), LIFETIME)

    def expire(self):
        self.store.delete(self.id())


def open_stores():
    """The store of sessions, and that of notifications: on Memcached pycket has none for these."""
    if kind == "redis":
        return [redis.Redis.from_url(f"redis://{servers['redis']}/{db}") for db in (0, 1)]
    return [Client(servers["memcached"], default_noreply=False)]


stores = [] if kind == "cookie" else open_stores()


class Page(tornado.web.RequestHandler):
    def prepare(self):
        self.session = CookieSession(self) if kind == "cookie" else StoredSession(self, stores[0])
        self.wish = json.loads(self.request.body or "{}")

    def show(self, values):
        self.answer(shown(values.get("user"), values))

    def answer(self, content):
        self.set_header("content-type", "application/json")
        self.finish(to_json(content))

    def get(self, path):
        values = self.session.load()
        if path == "odd":
            self.answer(shown_odd(values))
        else:
            self.show(values)

    async def post(self, path):
        if path == "expire":
            self.session.expire()
            self.answer({})
        elif path in ("flash", "flashes") and len(stores) == 2:
            self.notify(path)
        else:
            await self.change(path)

    async def change(self, path):
        values = self.session.load()
        if path == "slow-change":
            tell_loaded(self.wish)
            await asyncio.sleep(self.wish["ms"] / 1000)
        CHANGES[path](values, self.wish)
        self.session.save(values)
        self.show(values)

    def notify(self, path):
        """Notifications are a record like the session, and reading one deletes it."""
        notifications = StoredSession(self, stores[1])
        messages = notifications.load()
        if path == "flash":
            messages[self.wish["category"]] = self.wish["message"]
            notifications.save(messages)
            self.show(self.session.load())
        else:
            notifications.save({})
            self.answer(list(messages.items()))


CHANGES = {
    "login": lambda values, wish: values.update(user=wish["username"]),
    "logout": lambda values, wish: values.clear(),
    "change": edit,
    "slow-change": edit,
    "append": append,
    "odd": lambda values, wish: values.update(ODD_IN_PICKLE if stores else ODD_IN_JSON),
}


async def main():
    app = tornado.web.Application([(r"/([a-z-]*)", Page)], cookie_secret=secret)
    app.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
