"""Django: python3 django_app.py db | cached_db | signed_cookies

`db` lies in PostgreSQL, `cached_db` in SQLite with Redis before it.
"""

import os
import sys
from importlib import import_module
from urllib.parse import urlparse

import django
from contract import FOLDER, HOST, PORT, answer
from django.conf import settings
from werkzeug.serving import run_simple

engine = sys.argv[1]


def database():
    if engine != "db":
        name = f"{FOLDER}/site.sqlite"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": {"timeout": 30}}
    url = urlparse(os.environ["RACES_POSTGRES"])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "USER": url.username,
        "HOST": url.hostname,
        "PORT": url.port,
    }


def cache():
    if engine != "cached_db":
        return {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    return {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": os.environ["RACES_REDIS"]}


settings.configure(
    SECRET_KEY="a secret of thirty-two characters",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    DATABASES={"default": database()},
    CACHES={"default": cache()},
    SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}",
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

backend = import_module(settings.SESSION_ENGINE)


class Face:
    """What `auth.login` and `auth.logout` do to the session."""

    packages = ["Django"] + {"db": ["psycopg2"], "cached_db": ["django-redis"]}.get(engine, [])

    def __init__(self, request):
        self.request = request

    def open(self):
        return Session(self.request.session)

    def sign_in(self, user):
        self.request.session.cycle_key()
        self.request.session["user"] = user

    def sign_out(self):
        self.request.session.flush()


class Session:
    """Django's session as a mapping, as far as the routes need one."""

    def __init__(self, session):
        self.session = session

    def keys(self):
        return self.session.keys()

    def __getitem__(self, key):
        return self.session[key]

    def __setitem__(self, key, value):
        self.session[key] = value

    def get(self, key, default):
        return self.session.get(key, default)


def sessions_of(face, user):
    """All rows are looked at, as no column says whose they are."""
    from django.contrib.sessions.models import Session as Row

    theirs = [row for row in Row.objects.all() if row.get_decoded().get("user") == user]
    return [backend.SessionStore(row.session_key) for row in theirs]


if engine != "signed_cookies":
    Face.of_user = sessions_of


@csrf_exempt
def serve(request):
    status, body, location = answer(
        Face(request), request.method, request.path, request.GET.get("wait")
    )
    if location:
        redirect = HttpResponseRedirect(location)
        redirect.status_code = status
        return redirect
    return JsonResponse(body, status=status)


urlpatterns = [re_path("", serve)]
call_command("migrate", verbosity=0)
run_simple(HOST, PORT, get_wsgi_application(), threaded=True)
