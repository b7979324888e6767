"""Flask with Flask-Login. The session is Flask's own: a signed cookie."""

import flask
import flask_login
from cart import port, secret, told, with_one_more
from flask import session

app = flask.Flask(__name__)
app.config.update(
    SECRET_KEY=secret,
    SESSION_COOKIE_NAME="flask_session",
    SESSION_COOKIE_SAMESITE="Lax",
)
manager = flask_login.LoginManager(app)


@manager.user_loader
class User(flask_login.UserMixin):
    def __init__(self, id):
        self.id = id


@app.get("/")
def show():
    return told(flask_login.current_user.get_id(), session)


@app.post("/sign-in/<name>")
def sign_in(name):
    flask_login.login_user(User(name))
    return show()


@app.post("/add")
def add():
    session["cart"] = with_one_more(session.get("cart", []), "Flask")
    return show()


@app.post("/sign-out")
def sign_out():
    flask_login.logout_user()
    session.clear()
    return show()


app.run("127.0.0.1", port, threaded=True)
