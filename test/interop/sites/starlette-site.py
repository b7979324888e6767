"""An application whose sessions are the cookies of Starlette's SessionMiddleware.

Kinds: `starlette`, and `fastapi`, which takes the same middleware.
"""

import asyncio
import time
from base64 import b64encode

import fastapi
import uvicorn
from itsdangerous import TimestampSigner
from protocol import ODD_IN_JSON, append, edit, kind, port, secret, shown, shown_odd
from protocol import tell_loaded, to_json
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import Response

FORTNIGHT = 14 * 86_400


def answer(content):
    return Response(to_json(content), media_type="application/json")


async def show(request):
    return answer(shown(request.session.get("user"), request.session))


async def show_odd(request):
    return answer(shown_odd(request.session))


async def change(request):
    page = request.url.path[1:]
    wish = await request.json() if await request.body() else {}
    if page == "slow-change":
        tell_loaded(wish)
        await asyncio.sleep(wish["ms"] / 1000)
    CHANGES[page](request.session, wish)
    return await show(request)


CHANGES = {
    "login": lambda session, wish: session.update(user=wish["username"]),
    "logout": lambda session, wish: session.clear(),
    "change": edit,
    "slow-change": edit,
    "append": append,
    "odd": lambda session, wish: session.update(ODD_IN_JSON),
}


class LongAgo(TimestampSigner):
    """Signs as a server did more than a fortnight ago."""

    def get_timestamp(self):
        return int(time.time() - FORTNIGHT - 60)


def make_site():
    site = fastapi.FastAPI() if kind == "fastapi" else Starlette()
    site.add_middleware(SessionMiddleware, secret_key=secret)
    site.add_route("/", show, methods=["GET"])
    site.add_route("/odd", show_odd, methods=["GET"])
    for page in CHANGES:
        site.add_route(f"/{page}", change, methods=["POST"])
    return site


outer = Starlette()


@outer.route("/expire", methods=["POST"])
async def expire(request):
    """Lies outside the middleware, which would sign anew."""
    response = answer({})
    now = TimestampSigner(secret)
    payload = now.unsign(request.cookies.get("session", now.sign(b64encode(b"{}")).decode()))
    response.set_cookie("session", LongAgo(secret).sign(payload).decode())
    return response


outer.mount("/", make_site())
uvicorn.run(outer, host="127.0.0.1", port=port, log_level="warning")
