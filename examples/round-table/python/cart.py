"""What the four have in common: what they sell, and what they tell of a visitor."""

import os

THINGS = ["tea", "a map", "a lantern", "a mug", "soap", "a kite"]

port = int(os.environ["PORT"])
secret = os.environ["SECRET_KEY"]


def with_one_more(cart, by):
    """The next thing is added, until the cart holds one of each. `by` says which side did it."""
    return [*cart, {"thing": THINGS[len(cart)], "by": by}] if len(cart) < len(THINGS) else cart


def told(user, session):
    return {"user": user, "cart": session.get("cart", [])}
