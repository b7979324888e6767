"""A Flask application whose sessions are Flask's own signed cookies.

Kinds: `plain` keeps who is signed in under `user`; `login` leaves it to Flask-Login; `permanent`
is the plain one, with sessions that outlive the browser.
"""

import time

import flask
import flask_login
from flask import session
from flask_pages import add_pages, answer, clear, login_plain, show_plain
from flask_wtf.csrf import generate_csrf
from itsdangerous import TimestampSigner
from protocol import ODD_IN_FLASK, folder, kind, port, secret, shown

app = flask.Flask(__name__, root_path=folder)
app.config.update(SECRET_KEY=secret)
manager = flask_login.LoginManager(app)


@manager.user_loader
class User(flask_login.UserMixin):
    def __init__(self, id):
        self.id = id


def show_login():
    return shown(flask_login.current_user.get_id(), session)


def login_by_extension(username):
    flask_login.login_user(User(username))


class LongAgo(TimestampSigner):
    """Signs as a server did before the lifetime of sessions began."""

    def get_timestamp(self):
        return int(time.time() - app.permanent_session_lifetime.total_seconds() - 60)


@app.post("/expire")
def expire():
    response = answer(show())
    serializer = app.session_interface.get_signing_serializer(app)
    serializer.signer = LongAgo
    response.set_cookie("session", serializer.dumps(dict(session)))
    return response


@app.get("/csrf")
def csrf():
    return answer({"token": generate_csrf(), "inSession": "csrf_token" in session})


if kind == "login":
    show = show_login
    add_pages(app, ODD_IN_FLASK, show, login_by_extension, flask_login.logout_user)
else:
    show = show_plain

    def login(username):
        session.permanent = kind == "permanent"
        login_plain(username)

    add_pages(app, ODD_IN_FLASK, show, login, clear)

app.run("127.0.0.1", port, threaded=True)
