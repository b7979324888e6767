"""A Flask application whose sessions are kept by Flask-Session.

Kinds: `redis`, `memcached`, `filesystem`, `sqlalchemy`, each also with `-signed` ids. SQLAlchemy
takes the server that it is given, or SQLite.
"""

import flask
import flask_session
import redis
from flask import request, session
from flask_pages import add_pages, answer, clear, login_plain, show_plain
from protocol import ODD_IN_PICKLE, folder, kind, port, secret, servers
from pymemcache.client.base import PooledClient

store, _, signed = kind.partition("-")


def database():
    if "postgres" in servers:
        return f"postgresql+psycopg2://postgres@{servers['postgres']}/postgres"
    if "mariadb" in servers:
        return f"mysql+mysqldb://root@{servers['mariadb']}/shop"
    return f"sqlite:///{folder}/site.sqlite?timeout=30"


app = flask.Flask(__name__, root_path=folder)
app.config.update(
    SECRET_KEY=secret,
    SESSION_TYPE=store,
    SESSION_USE_SIGNER=signed == "signed",
    SESSION_FILE_DIR=f"{folder}/sessions",
    SQLALCHEMY_DATABASE_URI=database(),
)
if store == "redis":
    app.config["SESSION_REDIS"] = redis.Redis.from_url(f"redis://{servers['redis']}")
if store == "memcached":
    # Unasked, it does not wait for the answers to what it writes.
    client = PooledClient(servers["memcached"], default_noreply=False)
    app.config["SESSION_MEMCACHED"] = client
flask_session.Session(app)
sessions = app.session_interface
if store == "sqlalchemy":
    with app.app_context():
        sessions.db.create_all()


def forget(sid):
    """Does what time does to a record."""
    key = sessions.key_prefix + sid
    if store == "sqlalchemy":
        with app.app_context():
            sessions.sql_session_model.query.filter_by(session_id=key).delete()
            sessions.db.session.commit()
    else:
        place = {"redis": "redis", "memcached": "client", "filesystem": "cache"}[store]
        getattr(sessions, place).delete(key)


@app.post("/expire")
def expire():
    request.environ["forget"] = session.sid
    return answer(show_plain())


def forgetting(environ, start_response):
    """Flask-Session saves after each page, so that only now something can be forgotten."""
    body = plain_app(environ, start_response)
    if "forget" in environ:
        forget(environ["forget"])
    return body


plain_app, app.wsgi_app = app.wsgi_app, forgetting
add_pages(app, ODD_IN_PICKLE, show_plain, login_plain, clear)
app.run("127.0.0.1", port, threaded=True)
