"""A Django site with the users `ada` and `bob`, whose session can lie in any of Django's places.

Kinds: `db-sqlite`, `db-sqlite-csrf_cookie`, `db-postgres`, `db-mariadb`, `cache-memcached`, `cache-redis`,
`cached_db-memcached`, `cached_db-redis`, `file`, `signed_cookies`.
"""

import json
import time

import django
from django.conf import settings
from protocol import ODD_IN_JSON, ODD_IN_PICKLE, append, edit, folder, kind, port, secret
from protocol import servers, shown, shown_odd, tell_loaded, to_json

engine, _, place = kind.partition("-")


def database():
    if place not in ("postgres", "mariadb"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{folder}/site.sqlite",
            "OPTIONS": {"timeout": 30},
        }
    host, port = servers[place].split(":")
    if place == "postgres":
        names = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres"}
    else:
        names = {"ENGINE": "django.db.backends.mysql", "NAME": "shop", "USER": "root"}
    return {**names, "HOST": host, "PORT": port}


def cache():
    if place == "memcached":
        backend = "django.core.cache.backends.memcached.PyMemcacheCache"
        return {"BACKEND": backend, "LOCATION": servers["memcached"]}
    if place == "redis":
        backend = "django_redis.cache.RedisCache"
        return {"BACKEND": backend, "LOCATION": f"redis://{servers['redis']}"}
    return {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}


settings.configure(
    SECRET_KEY=secret,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    DATABASES={"default": database()},
    CACHES={"default": cache()},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    # The usual one takes as long as all the rest.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}",
    SESSION_FILE_PATH=folder,
    CSRF_USE_SESSIONS=place != "sqlite-csrf_cookie",
    MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage",
    USE_TZ=True,
)
django.setup()

from django.contrib import auth, messages
from django.core.management import call_command
from django.core.signing import TimestampSigner
from django.db import connection
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.baseconv import base62
from django.views.decorators.csrf import csrf_exempt


def answer(content):
    return HttpResponse(to_json(content), content_type="application/json")


def show(request):
    return answer(shown(request.user.get_username() or None, request.session))


def login(request):
    name = json.loads(request.body)["username"]
    auth.login(request, auth.get_user_model().objects.get(username=name))
    return show(request)


def logout(request):
    auth.logout(request)
    return show(request)


def change(request):
    edit(request.session, json.loads(request.body))
    return show(request)


def slow_change(request):
    wish = json.loads(request.body)
    request.session.get("x")
    tell_loaded(wish)
    time.sleep(wish["ms"] / 1000)
    return change(request)


def append_item(request):
    append(request.session, json.loads(request.body))
    return show(request)


def new_key(request):
    request.session.cycle_key()
    return show(request)


def expire(request):
    if engine == "signed_cookies":
        return expire_cookie(request)
    request.session.set_expiry(-60)
    return show(request)


def expire_cookie(request):
    """These go by their signature's age alone, whatever `set_expiry` says."""
    store = request.session
    signer = LongAgo(salt="django.contrib.sessions.backends.signed_cookies")
    text = signer.sign_object(dict(store.items()), serializer=store.serializer, compress=True)
    response = show(request)
    response.set_cookie("sessionid", text)
    return response


class LongAgo(TimestampSigner):
    """Signs as a server did more than the age of a session ago."""

    def timestamp(self):
        return base62.encode(int(time.time() - settings.SESSION_COOKIE_AGE - 60))


def set_password(request):
    wish = json.loads(request.body)
    user = auth.get_user_model().objects.get(username=wish["username"])
    user.set_password(wish["password"])
    user.save()
    return show(request)


def odd(request):
    if request.method == "GET":
        return answer(shown_odd(request.session))
    request.session.update(ODD_IN_PICKLE if engine == "cache" else ODD_IN_JSON)
    return show(request)


def flash(request):
    wish = json.loads(request.body)
    level = getattr(messages.constants, wish["category"].upper())
    messages.add_message(request, level, wish["message"])
    return show(request)


def flashes(request):
    return answer([[each.level_tag, each.message] for each in messages.get_messages(request)])


def csrf(request):
    """Shows the token; a POST comes as far as this only with a token that Django accepts."""
    token = get_token(request)
    return answer({"token": token, "inSession": "_csrftoken" in request.session})


views = {
    "": show,
    "login": login,
    "logout": logout,
    "change": change,
    "slow-change": slow_change,
    "append": append_item,
    "new-key": new_key,
    "expire": expire,
    "set-password": set_password,
    "odd": odd,
    "flash": flash,
    "flashes": flashes,
}
urlpatterns = [path(name, csrf_exempt(view)) for name, view in views.items()]
urlpatterns.append(path("csrf", csrf))

call_command("migrate", verbosity=0)
if connection.vendor == "sqlite":
    # Readers that wait for a writer are no part of what is tested.
    connection.cursor().execute("PRAGMA journal_mode=WAL")
users = auth.get_user_model().objects
for name in ["ada", "bob"]:
    if not users.filter(username=name).exists():
        users.create_user(name, password=f"{name}'s password")
call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)
