import { randomInt } from "node:crypto";
import { type Request, Router } from "express";
import { priceLines } from "../cart.ts";
import { pagesOf } from "../pages.ts";
import { checkoutPage, thanksPage } from "../views/cart.ts";
import { type Services, type SignedIn, signedIn } from "../visitor.ts";

/** Ordering: only for a user who gave the password within the last ten minutes. */
export function checkoutRoutes(services: Services): Router {
  const { sessions } = services;
  const show = pagesOf(services);
  const router = Router();

  router.get("/checkout", async (req, res) => {
    const buyer = await admit(req);
    if (typeof buyer === "string") return res.redirect(303, buyer);
    await show(req, res, checkoutPage(buyer.user));
  });

  router.post("/checkout", async (req, res) => {
    const buyer = await admit(req);
    if (typeof buyer === "string") return res.redirect(303, buyer);
    // `consume` gives the cart to one of two clicks at once, so nothing is ordered twice.
    const cart = await buyer.session.consume("cart");
    if (cart === undefined) return res.redirect(303, "/thanks");
    buyer.session.flash("order", orderNumber());
    res.redirect(303, "/thanks");
  });

  router.get("/thanks", async (req, res) => {
    const session = await sessions.open(req);
    const order = session.take("order");
    if (typeof order !== "string") return res.redirect(303, "/");
    await show(req, res, thanksPage(order));
  });

  /** The user who may order, or the page where they become one. */
  async function admit(req: Request): Promise<SignedIn | string> {
    const buyer = await signedIn(req, services);
    if (buyer === undefined) return "/sign-in?next=/checkout";
    const { session } = buyer;
    if (!session.isFresh("10m")) return "/confirm?next=/checkout";
    if (priceLines(session.get("cart")).length > 0) return buyer;
    session.flash("notice", "nothingToOrder");
    return "/cart";
  }

  return router;
}

function orderNumber(): string {
  return `W-${randomInt(10_000, 100_000)}`;
}
