/** One of each can be had. The Python applications have the same list, in `python/cart.py`. */
const THINGS = ["tea", "a map", "a lantern", "a mug", "soap", "a kite"];

/** A thing, and which application put it into the cart. */
export interface Line {
  readonly thing: string;
  readonly by: string;
}

/** The next thing is added, until the cart holds one of each. */
export function withOneMore(cart: readonly Line[]): Line[] {
  const thing = THINGS[cart.length];
  return thing === undefined ? [...cart] : [...cart, { thing, by: "Sojourn" }];
}
