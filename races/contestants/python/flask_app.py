"""Flask's own session in a signed cookie, or Flask-Session: python3 flask_app.py cookie | redis | files"""

import os
import sys

import flask
from contract import FOLDER, HOST, PORT, answer
from flask import request, session
from werkzeug.serving import run_simple

place = sys.argv[1]
app = flask.Flask(__name__)
app.config.update(SECRET_KEY="a secret of thirty-two characters", SESSION_FILE_DIR=FOLDER)

if place == "redis":
    import redis

    app.config.update(
        SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(os.environ["RACES_REDIS"])
    )
if place == "files":
    app.config.update(SESSION_TYPE="filesystem")
if place != "cookie":
    import flask_session

    flask_session.Session(app)


class Face:
    packages = {
        "cookie": ["Flask"],
        "files": ["Flask-Session", "Flask"],
        "redis": ["Flask-Session", "Flask", "redis"],
    }[place]

    def open(self):
        return session

    def sign_in(self, user):
        session.clear()
        session["user"] = user

    def sign_out(self):
        session.clear()


@app.route("/<path:path>", methods=["GET", "POST"])
def serve(path):
    status, body, location = answer(Face(), request.method, f"/{path}", request.args.get("wait"))
    if location:
        return flask.redirect(location, status)
    return flask.jsonify(body), status


run_simple(HOST, PORT, app, threaded=True)
