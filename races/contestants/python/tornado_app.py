"""Tornado has no sessions, but signed cookies: JSON in one is what its users keep."""

import asyncio
import json

import tornado.web
from contract import HOST, PORT, steps_of, wait_at


class Face:
    packages = ["tornado"]

    def __init__(self, session):
        self.session = session

    def open(self):
        return self.session

    def sign_in(self, user):
        self.session.clear()
        self.session["user"] = user

    def sign_out(self):
        self.session.clear()


class Handler(tornado.web.RequestHandler):
    async def answer(self):
        sent = self.get_secure_cookie("session")
        session = json.loads(sent) if sent else {}
        before = dict(session)
        steps = steps_of(Face(session), self.request.method, self.request.path)
        try:
            next(steps)
            gate = self.get_argument("wait", None)
            await asyncio.get_running_loop().run_in_executor(None, wait_at, gate)
            next(steps)
        except StopIteration as end:
            status, body, location = end.value
        if session != before:
            self.keep(session)
        if location:
            self.redirect(location, status=status)
        else:
            self.set_status(status)
            self.write(body)

    def keep(self, session):
        if session:
            self.set_secure_cookie("session", json.dumps(session))
        else:
            self.clear_cookie("session")

    get = post = answer


async def main():
    app = tornado.web.Application(
        [(r"/.*", Handler)], cookie_secret="a secret of thirty-two characters"
    )
    app.listen(PORT, HOST)
    await asyncio.Event().wait()


asyncio.run(main())
