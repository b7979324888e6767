"""Writes django-redis.<version>.json: what Django's cache and cached_db sessions leave in Redis
through django-redis, under each of its serializers and compressors that Debian's packages hold.

    /usr/bin/python3 django_redis_vectors.py PORT_OF_AN_EMPTY_REDIS >../django-redis.5.2.0.json
"""

import base64
import json
import pickle
import sys
import zlib
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import django
import django_redis
import redis
from django.conf import settings

PORT = int(sys.argv[1])
AGE = 1209600


def cache(db, **options):
    more = {key: options.pop(key) for key in ("KEY_PREFIX", "VERSION") if key in options}
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": f"redis://127.0.0.1:{PORT}/{db}",
        "OPTIONS": options,
        **more,
    }


CACHES = {
    "default": cache(0),
    "prefixed": cache(1, KEY_PREFIX="site1", VERSION=2),
    "json": cache(2, SERIALIZER="django_redis.serializers.json.JSONSerializer"),
    "pickle-highest": cache(3, PICKLE_VERSION=-1),
    "pickle-2": cache(4, PICKLE_VERSION=2),
    "zlib": cache(5, COMPRESSOR="django_redis.compressors.zlib.ZlibCompressor"),
    "lzma": cache(6, COMPRESSOR="django_redis.compressors.lzma.LzmaCompressor"),
    "json-zlib": cache(
        7,
        SERIALIZER="django_redis.serializers.json.JSONSerializer",
        COMPRESSOR="django_redis.compressors.zlib.ZlibCompressor",
    ),
}

settings.configure(
    SECRET_KEY="golden-django-secret-\u00e9",
    INSTALLED_APPS=["django.contrib.sessions"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CACHES=CACHES,
    SESSION_COOKIE_AGE=AGE,
    USE_TZ=True,
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore as CacheStore
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDbStore
from django.core.cache import caches
from django.core.management import call_command

IN_JSON = {
    "empty": {},
    "plain": {"user_id": 42, "name": "Zo\u00eb", "cart": [1, 2.5, None, True]},
    "tiny": {"a": 1},
    "big": {"cart": [{"sku": f"SKU-{i:04}", "qty": i % 5} for i in range(40)]},
    "numbers": {"float": 1.0, "big": 2**70, "negative": -5, "nan": float("nan")},
}
ONLY_IN_PICKLE = {
    "types": {
        "tuple": (1, ("two", 3.0)),
        "bytes": b"\x00\xff",
        "uuid": UUID("12345678-1234-5678-1234-567812345678"),
        "aware": datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc),
        "naive": datetime(2023, 1, 2, 3, 4, 5, 678901),
        "date": date(2023, 1, 2),
        "timedelta": timedelta(days=1, seconds=2, microseconds=5),
        "decimal": Decimal("12.50"),
        "set": {1},
    },
    "keys": {1: "int", None: "none"},
}


def note(value):
    """The value in the notation of these files: what JSON lacks is an object with `$t`."""
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: note(each) for key, each in value.items()}
        return {"$t": "dict", "v": [[note(key), note(each)] for key, each in value.items()]}
    if isinstance(value, list):
        return [note(each) for each in value]
    for kind, text in NOTES:
        if isinstance(value, kind):
            return text(value)
    return value


NOTES = [
    (bool, lambda value: value),
    (int, lambda value: value if abs(value) < 2**53 else {"$t": "int", "v": str(value)}),
    (float, lambda value: {"$t": "float", "v": repr(value)}),
    (tuple, lambda value: {"$t": "tuple", "v": [note(each) for each in value]}),
    (set, lambda value: {"$t": "set", "v": [note(each) for each in value]}),
    (bytes, lambda value: {"$t": "bytes", "b64": base64.b64encode(value).decode()}),
    (UUID, lambda value: {"$t": "uuid", "v": str(value)}),
    (Decimal, lambda value: {"$t": "decimal", "v": str(value)}),
    (
        datetime,
        lambda value: {
            "$t": "datetime",
            "v": value.isoformat(),
            "aware": value.tzinfo is not None,
        },
    ),
    (date, lambda value: {"$t": "date", "v": value.isoformat()}),
    (
        timedelta,
        lambda value: {
            "$t": "timedelta",
            "days": value.days,
            "seconds": value.seconds,
            "microseconds": value.microseconds,
        },
    ),
]


def stored(store_class, name, alias, payload, number):
    """What one session leaves in Redis, and what Django itself reads from it."""
    key = f"{name.replace('_', '')}{number:02}".ljust(32, "0")[:32]
    store = store_class(key)
    store._cache = caches[alias]
    store.save(must_create=True)
    store.update(payload)
    store.save()
    server = redis.Redis(port=PORT, db=list(CACHES).index(alias))
    (cache_key,) = [found.decode() for found in server.keys(f"*{key}")]
    value = server.get(cache_key)
    again = store_class(key)
    again._cache = caches[alias]
    return {
        "backend": name,
        "session_key": key,
        "cache_key": cache_key,
        "payload": note(payload),
        "value_b64": base64.b64encode(value).decode(),
        "pickle_protocol": protocol_of(value),
        "seconds": round(server.pttl(cache_key) / 1000),
        "decoded": note(again.load()),
    }


def protocol_of(value):
    """As the value itself says; text, and what is compressed, has none."""
    return value[1] if value[:1] == b"\x80" else None


def vectors():
    number = 0
    for alias, one in CACHES.items():
        of_json = "SERIALIZER" in one["OPTIONS"]
        cases = IN_JSON if of_json else {**IN_JSON, **ONLY_IN_PICKLE}
        for case, payload in cases.items():
            for store_class, name in [(CacheStore, "cache"), (CachedDbStore, "cached_db")]:
                if name == "cached_db" and (case in ONLY_IN_PICKLE or alias != "default"):
                    continue
                number += 1
                found = stored(store_class, name, alias, payload, number)
                yield {"id": f"{alias}-{name}-{case}", "cache": alias, **found}


def settings_of(one):
    return {key: each for key, each in one.items() if key not in ("BACKEND", "LOCATION")}


def edges():
    """What becomes of a time of one's own, and of values that other settings wrote."""
    server = redis.Redis(port=PORT, db=0)
    for case, seconds in [("expiry-90", 90), ("expiry-in-the-past", -60)]:
        store = CacheStore(case.replace("-", "").ljust(32, "0"))
        store.save(must_create=True)
        store.set_expiry(seconds)
        store.save()
        left = server.pttl(f":1:{store.cache_key}")
        seconds = round(left / 1000) if left > 0 else None
        yield {"id": case, "stored": left != -2, "seconds": seconds}
    yield reading("garbage", b"no pickle")
    yield reading("integer", b"42")
    yield reading("compressed-read-without", zlib.compress(pickle.dumps({"a": 1})))
    yield reading("plain-read-with-zlib", pickle.dumps({"a": 1}), 5, "zlib")
    yield reading("pickle-read-as-json", pickle.dumps({"a": 1}), 2, "json")


def reading(case, value, db=0, alias="default"):
    key = f"read{case.replace('-', '')}".ljust(32, "0")[:32]
    full = f":1:django.contrib.sessions.cache{key}"
    redis.Redis(port=PORT, db=db).set(full, value)
    store = CacheStore(key)
    store._cache = caches[alias]
    try:
        result = {"decoded": note(store.load())}
    except Exception as error:
        result = {"raises": type(error).__name__}
    return {"id": case, "value_b64": base64.b64encode(value).decode(), **result}


call_command("migrate", verbosity=0)
print(
    json.dumps(
        {
            "system": "django-redis",
            "versions": {
                "django_redis": ".".join(map(str, django_redis.VERSION)),
                "django": django.get_version(),
                "redis_py": redis.__version__,
                "python": sys.version.split()[0],
            },
            "generated_with": "django_redis_vectors.py",
            "caches": {alias: settings_of(one) for alias, one in CACHES.items()},
            "storage": list(vectors()),
            "edges": list(edges()),
        },
        indent=1,
    )
)
