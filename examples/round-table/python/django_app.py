"""Django with its own users. The session is a row in the table `django_session`, on SQLite.

The door in front lets in no form of another site, so that CsrfViewMiddleware is left out here.
"""

import os

import django
from cart import port, secret, told, with_one_more
from django.conf import settings

settings.configure(
    SECRET_KEY=secret,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
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
            "NAME": os.environ["DATABASE"],
            "OPTIONS": {"timeout": 30},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SESSION_COOKIE_NAME="django_session",
    USE_TZ=True,
)
django.setup()

from django.contrib import auth
from django.core.management import call_command
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.http import require_POST


def show(request):
    return JsonResponse(told(request.user.get_username() or None, request.session))


@require_POST
def sign_in(request, name):
    auth.login(request, get_object_or_404(auth.get_user_model(), username=name))
    return show(request)


@require_POST
def add(request):
    request.session["cart"] = with_one_more(request.session.get("cart", []), "Django")
    return show(request)


@require_POST
def sign_out(request):
    auth.logout(request)
    return show(request)


urlpatterns = [
    path("", show),
    path("sign-in/<name>", sign_in),
    path("add", add),
    path("sign-out", sign_out),
]

call_command("migrate", verbosity=0)
for name in os.environ["PEOPLE"].split():
    auth.get_user_model().objects.create_user(name)
call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)
