import { type Product, productOf } from "./catalogue.ts";

/** A product in the cart, and how many of it. */
export interface CartLine {
  readonly sku: string;
  readonly quantity: number;
}

/** A line with what it is and what it costs. */
export interface PricedLine {
  readonly product: Product;
  readonly quantity: number;
  readonly cents: number;
}

const MAX_QUANTITY = 20;

/**
 * The cart with `change` more of a product, or fewer. A line that reaches zero goes.
 *
 * Pure, so that `session.update("cart", …)` may apply it to the newest cart, and again.
 */
export function changeQuantity(cart: CartLine[], sku: string, change: number): CartLine[] {
  const line = cart.find((other) => other.sku === sku);
  if (line === undefined) return change > 0 ? [...cart, { sku, quantity: change }] : cart;
  const quantity = Math.min(line.quantity + change, MAX_QUANTITY);
  if (quantity <= 0) return removeLine(cart, sku);
  return cart.map((other) => (other === line ? { sku, quantity } : other));
}

/** The cart without a product. */
export function removeLine(cart: CartLine[], sku: string): CartLine[] {
  return cart.filter((line) => line.sku !== sku);
}

/** How many things are in the cart. */
export function countThings(cart: readonly CartLine[]): number {
  return cart.reduce((sum, line) => sum + line.quantity, 0);
}

/** The cart at today's prices; what is no longer sold is left out. */
export function priceLines(cart: readonly CartLine[]): PricedLine[] {
  return cart.flatMap(({ sku, quantity }) => {
    const product = productOf(sku);
    return product === undefined ? [] : [{ product, quantity, cents: product.cents * quantity }];
  });
}

export function totalCents(lines: readonly PricedLine[]): number {
  return lines.reduce((sum, line) => sum + line.cents, 0);
}
