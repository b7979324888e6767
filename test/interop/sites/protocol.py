"""What the sites share: how they are started, what they show, and the values that JSON lacks.

A site is started with its secret, a folder, a port, its kind, and `name=host:port` for each
server that the kind needs.
"""

import json
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from markupsafe import Markup

secret, folder, port, kind = sys.argv[1:5]
port = int(port)
servers = dict(text.split("=", 1) for text in sys.argv[5:])

ODD_IN_JSON = {
    "odd_float": 1.0,
    "odd_small": 1.5e-07,
    "odd_integer": 2**70,
    "odd_nan": float("nan"),
    "odd_nested": {"b": [1, {"a": None}], "a": -0.0, "10": True},
    "odd_text": "Zo\u00eb \u2028 \U0001f600 </script>\x7f",
}
ODD_IN_FLASK = {
    **ODD_IN_JSON,
    "odd_tuple": (1, ("two", 3.0)),
    "odd_bytes": b"\x00\xffbytes",
    "odd_markup": Markup("<b>R&amp;D</b>"),
    "odd_uuid": UUID("12345678-1234-5678-1234-567812345678"),
    "odd_datetime": datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc),
    "odd_tagged": {" t": ["no tuple"]},
}
ODD_IN_PICKLE = {
    **ODD_IN_FLASK,
    "odd_naive": datetime(2023, 1, 2, 3, 4, 5, 678901),
    "odd_date": date(2023, 1, 2),
    "odd_timedelta": timedelta(days=1, microseconds=5),
    "odd_decimal": Decimal("12.50"),
    "odd_set": {1},
    "odd_frozenset": frozenset(["one"]),
    "odd_keys": {1: "int", None: "none", ("a", 1): "tuple"},
}


def shown(user, stored):
    """The application's own values: frameworks name theirs with an underscore."""
    own = {key: value for key, value in stored.items() if is_own(key)}
    return {"user": user, "values": own}


def is_own(key):
    return not str(key).startswith(("_", "odd_")) and key not in ("user", "csrf_token")


def shown_odd(stored):
    odd = {key: value for key, value in stored.items() if str(key).startswith("odd_")}
    return {"odd": repr(odd), "all": repr(dict(stored.items()))}


def edit(stored, wish):
    for key in wish.get("delete", []):
        stored.pop(key, None)
    stored.update(wish.get("set", {}))


def tell_loaded(wish):
    """Lets a test know that from now on others change what this request has read already."""
    print(f"loaded {wish['mark']}", flush=True)


def append(stored, wish):
    stored[wish["key"]] = [*stored.get(wish["key"], []), wish["item"]]


def to_json(answer):
    return json.dumps(answer, default=repr)
