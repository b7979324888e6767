import { Router } from "express";
import { productOf } from "../catalogue.ts";
import { HttpError } from "../http-error.ts";
import { pagesOf } from "../pages.ts";
import { productPage, thingsPage } from "../views/things.ts";
import type { Services } from "../visitor.ts";

const REMEMBERED_THINGS = 5;

/** Looking around. */
export function thingRoutes(services: Services): Router {
  const { sessions } = services;
  const show = pagesOf(services);
  const router = Router();

  router.get("/", (req, res) => show(req, res, thingsPage));

  router.get("/things/:sku", async (req, res) => {
    const product = productOf(req.params.sku);
    if (product === undefined) throw new HttpError(404);
    const session = await sessions.open(req);
    // Looking around begins no session: a crawler would leave one at each page.
    if (!session.isNew && !session.isEnded) {
      await session.update("recentlyViewed", (seen) => seenFirst(seen, product.sku));
    }
    await show(req, res, productPage(product));
  });

  return router;
}

function seenFirst(seen: readonly string[], sku: string): string[] {
  return [sku, ...seen.filter((other) => other !== sku)].slice(0, REMEMBERED_THINGS);
}
