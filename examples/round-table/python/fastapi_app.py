"""FastAPI with Starlette's SessionMiddleware. The session is a signed cookie."""

import uvicorn
from cart import port, secret, told, with_one_more
from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=secret, session_cookie="fastapi_session")


@app.get("/")
def show(request: Request):
    return told(request.session.get("user_id"), request.session)


@app.post("/sign-in/{name}")
def sign_in(request: Request, name: str):
    request.session["user_id"] = name
    return show(request)


@app.post("/add")
def add(request: Request):
    request.session["cart"] = with_one_more(request.session.get("cart", []), "FastAPI")
    return show(request)


@app.post("/sign-out")
def sign_out(request: Request):
    request.session.clear()
    return show(request)


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
