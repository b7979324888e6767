"""Starlette's SessionMiddleware, a signed cookie."""

import asyncio

import uvicorn
from contract import HOST, PORT, steps_of, wait_at
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route


class Face:
    packages = ["starlette", "uvicorn"]

    def __init__(self, request):
        self.session = request.session

    def open(self):
        return self.session

    def sign_in(self, user):
        self.session.clear()
        self.session["user"] = user

    def sign_out(self):
        self.session.clear()


async def serve(request):
    steps = steps_of(Face(request), request.method, request.url.path)
    try:
        next(steps)
        await asyncio.to_thread(wait_at, request.query_params.get("wait"))
        next(steps)
    except StopIteration as end:
        status, body, location = end.value
    if location:
        return RedirectResponse(location, status)
    return JSONResponse(body, status)


app = Starlette(
    routes=[Route("/{path:path}", serve, methods=["GET", "POST"])],
    middleware=[Middleware(SessionMiddleware, secret_key="a secret of thirty-two characters")],
)
uvicorn.run(app, host=HOST, port=PORT, log_level="warning")
