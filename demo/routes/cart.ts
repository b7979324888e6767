import { Router } from "express";
import { type CartLine, changeQuantity, removeLine } from "../cart.ts";
import { productOf } from "../catalogue.ts";
import { field, ownPath } from "../form.ts";
import { HttpError } from "../http-error.ts";
import { pagesOf } from "../pages.ts";
import { cartPage } from "../views/cart.ts";
import type { Services } from "../visitor.ts";

type Change = (cart: CartLine[], sku: string) => CartLine[];

/** What the buttons of a line do. */
const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ["more", (cart, sku) => changeQuantity(cart, sku, 1)],
  ["fewer", (cart, sku) => changeQuantity(cart, sku, -1)],
  ["none", removeLine],
]);

/** The cart. Every change goes through `update`, so two clicks at once are two changes. */
export function cartRoutes(services: Services): Router {
  const { sessions } = services;
  const show = pagesOf(services);
  const router = Router();

  router.get("/cart", (req, res) => show(req, res, cartPage));

  router.post("/cart", async (req, res) => {
    const product = productOf(field(req, "sku"));
    if (product === undefined) throw new HttpError(404);
    const session = await sessions.open(req);
    await session.update("cart", (cart) => changeQuantity(cart, product.sku, 1));
    session.flash("notice", "added");
    res.redirect(303, ownPath(field(req, "back")));
  });

  router.post("/cart/:sku", async (req, res) => {
    const product = productOf(req.params.sku);
    if (product === undefined) throw new HttpError(404);
    const change = CHANGES.get(field(req, "change"));
    if (change === undefined) throw new HttpError(400);
    const session = await sessions.open(req);
    if (hasLine(session.get("cart"), product.sku)) {
      const cart = await session.update("cart", (lines) => change(lines, product.sku));
      if (!hasLine(cart, product.sku)) session.flash("notice", "removed");
    }
    res.redirect(303, `/cart#${product.sku}`);
  });

  return router;
}

function hasLine(cart: readonly CartLine[], wanted: string): boolean {
  return cart.some(({ sku }) => sku === wanted);
}
