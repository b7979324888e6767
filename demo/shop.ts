import { fileURLToPath } from "node:url";
import express, { type Express } from "express";
import { sessionMiddleware } from "sojourn/express";
import { protectiveHeaders } from "./headers.ts";
import { HttpError } from "./http-error.ts";
import { errorPages } from "./pages.ts";
import { recordRequests } from "./request-recorder.ts";
import { accountRoutes } from "./routes/account.ts";
import { cartRoutes } from "./routes/cart.ts";
import { checkoutRoutes } from "./routes/checkout.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { preferenceRoutes } from "./routes/preferences.ts";
import { sessionRoutes } from "./routes/session.ts";
import { thingRoutes } from "./routes/things.ts";
import type { Services } from "./visitor.ts";

const PUBLIC = fileURLToPath(new URL("public", import.meta.url));

/** The shop as an Express application. */
export function createShop(services: Services): Express {
  const app = express().disable("x-powered-by");
  app.use(protectiveHeaders);
  app.use(sessionMiddleware(services.sessions));
  app.use(recordRequests(services));
  app.use(express.urlencoded({ extended: false, limit: "10kb" }));

  app.use(thingRoutes(services));
  app.use(cartRoutes(services));
  app.use(checkoutRoutes(services));
  app.use(accountRoutes(services));
  app.use(deviceRoutes(services));
  app.use(preferenceRoutes(services));
  app.use(sessionRoutes(services));

  // After the pages, so that no page waits for a look into the folder. Long enough for a visit to
  // load the style once, short enough to see an edit of it.
  app.use(express.static(PUBLIC, { maxAge: "1m" }));
  app.use((_req, _res, next) => next(new HttpError(404)));
  app.use(errorPages(services));
  return app;
}
