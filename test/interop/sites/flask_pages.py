"""The pages of both Flask sites: they differ in where the session lies."""

import time

import flask
from flask import flash, get_flashed_messages, request, session
from protocol import append, edit, shown, shown_odd, tell_loaded, to_json


def answer(content):
    return flask.Response(to_json(content), content_type="application/json")


def add_pages(app, odd, show, login, logout):
    """Adds what a Flask application does with its session; `show`, `login` and `logout` differ."""

    @app.get("/")
    def index():
        return answer(show())

    @app.post("/login")
    def sign_in():
        login(request.get_json(force=True)["username"])
        return answer(show())

    @app.post("/logout")
    def sign_out():
        logout()
        return answer(show())

    @app.post("/change")
    def change():
        edit(session, request.get_json(force=True))
        return answer(show())

    @app.post("/slow-change")
    def slow_change():
        wish = request.get_json(force=True)
        session.get("x")
        tell_loaded(wish)
        time.sleep(wish["ms"] / 1000)
        edit(session, wish)
        return answer(show())

    @app.post("/append")
    def append_item():
        append(session, request.get_json(force=True))
        return answer(show())

    @app.post("/odd")
    def store_odd():
        session.update(odd)
        return answer(show())

    @app.get("/odd")
    def show_odd():
        return answer(shown_odd(session))

    @app.post("/flash")
    def add_flash():
        flash(**request.get_json(force=True))
        return answer(show())

    @app.post("/flashes")
    def read_flashes():
        return answer(get_flashed_messages(with_categories=True))


def show_plain():
    return shown(session.get("user"), session)


def login_plain(username):
    session["user"] = username


def clear():
    session.clear()
