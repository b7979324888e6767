"""Tornado with sessions as pycket keeps them: a signed cookie names a pickle, on Redis or Memcached.

Pycket is no package of Debian's. `Session` does what its `SessionManager` does, and no more.
"""

import asyncio
import os
import pickle
from uuid import uuid4

import tornado.web
from cart import port, secret, told, with_one_more

DAY = 86_400
engine, place = os.environ["PLACE"].split("://")


class OnRedis:
    def __init__(self):
        import redis

        host, server_port = place.split(":")
        self.client = redis.Redis(host, int(server_port))

    def get(self, key):
        return self.client.get(key)

    def set(self, key, value):
        self.client.set(key, value, ex=DAY)


class OnMemcached:
    def __init__(self):
        from pymemcache.client.base import Client

        self.client = Client(place)

    def get(self, key):
        return self.client.get(key)

    def set(self, key, value):
        self.client.set(key, value, DAY, noreply=False)


store = OnRedis() if engine == "redis" else OnMemcached()


class Session:
    """Reads the whole record for each look at it, and writes it whole for each change."""

    def __init__(self, handler):
        self.handler = handler
        signed = handler.get_secure_cookie("PYCKET_ID")
        self.id = signed.decode() if signed else str(uuid4())
        self.is_known = signed is not None

    def get(self, name, default=None):
        return self.load().get(name, default)

    def set(self, name, value):
        self.save({**self.load(), name: value})

    def clear(self):
        self.save({})

    def load(self):
        raw = store.get(self.id)
        return pickle.loads(raw) if raw else {}

    def save(self, values):
        if not self.is_known:
            self.handler.set_secure_cookie("PYCKET_ID", self.id, None, httponly=True)
            self.is_known = True
        store.set(self.id, pickle.dumps(values))


class Handler(tornado.web.RequestHandler):
    def prepare(self):
        self.session = Session(self)

    def show(self):
        self.finish(told(self.session.get("user"), self.session))


class Show(Handler):
    def get(self):
        self.show()


class SignIn(Handler):
    def post(self, name):
        self.session.set("user", name)
        self.show()


class Add(Handler):
    def post(self):
        self.session.set("cart", with_one_more(self.session.get("cart", []), "Tornado"))
        self.show()


class SignOut(Handler):
    def post(self):
        self.session.clear()
        self.show()


async def main():
    pages = [(r"/", Show), (r"/sign-in/(\w+)", SignIn), (r"/add", Add), (r"/sign-out", SignOut)]
    tornado.web.Application(pages, cookie_secret=secret).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
