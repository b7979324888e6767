"""A Django site with a login, and a page that shows and changes what its session holds.

Started with its secret, a folder for its database and a port.
"""

import json
import sys

import django
from django.conf import settings

secret, folder, port = sys.argv[1:]
settings.configure(
    SECRET_KEY=secret,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{folder}/site.sqlite",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    # The usual one takes as long as all the rest.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    SESSION_COOKIE_SECURE=True,
    USE_TZ=True,
)
django.setup()

from django.contrib import auth
from django.core.management import call_command
from django.http import JsonResponse
from django.urls import path


def show(request):
    values = {key: value for key, value in request.session.items() if key[0] != "_"}
    user = request.user.get_username() or None
    return JsonResponse({"user": user, "values": values})


def login(request):
    auth.login(request, auth.authenticate(request, **json.loads(request.body)))
    return show(request)


def logout(request):
    auth.logout(request)
    return show(request)


def change(request):
    request.session.update(json.loads(request.body))
    return show(request)


def expire(request):
    request.session.set_expiry(-60)
    return show(request)


def set_password(request):
    user = auth.get_user_model().objects.get(username="ada")
    user.set_password(json.loads(request.body)["password"])
    user.save()
    return show(request)


urlpatterns = [
    path("", show),
    path("login", login),
    path("logout", logout),
    path("change", change),
    path("expire", expire),
    path("set-password", set_password),
]

call_command("migrate", verbosity=0)
users = auth.get_user_model().objects
for name in ["ada", "bob"]:
    if not users.filter(username=name).exists():
        users.create_user(name, password=f"{name}'s password")
call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)
