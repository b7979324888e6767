import { fileURLToPath } from "node:url";
import express, { type Express } from "express";
import type { Configuration } from "openid-client";
import { sessionMiddleware } from "sojourn/express";
import { identityOf } from "sojourn/oidc";
import { accountSessions } from "./account.ts";
import { proxy } from "./proxy.ts";
import { signingIn } from "./signing-in.ts";

/** Where the application finds what it needs, and is found. */
export interface Surroundings {
  readonly provider: Configuration;
  readonly clientId: string;
  readonly origin: string;
  readonly api: string;
}

const PAGE = fileURLToPath(new URL("page", import.meta.url));

/** The back end of a page: it signs in, keeps the tokens, and calls the API in the page's name. */
export function application({ provider, clientId, origin, api }: Surroundings): Express {
  const sessions = accountSessions(provider, clientId);
  const app = express().disable("x-powered-by");
  app.use((_req, res, next) => {
    res.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
    next();
  });
  app.use(sessionMiddleware(sessions));
  app.use(signingIn(sessions, provider, origin));
  app.get("/me", async (req, res) => {
    const session = await sessions.open(req);
    const { issuer, authenticatedAt } = identityOf(session) ?? {};
    res.json({ user: session.userId ?? null, issuer, authenticatedAt });
  });
  app.use("/api", proxy(sessions, provider, api));
  app.use(express.static(PAGE));
  return app;
}
