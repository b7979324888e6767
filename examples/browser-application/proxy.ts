import express, { type Router } from "express";
import type { Configuration } from "openid-client";
import type { Sessions } from "sojourn";
import type { Account } from "./account.ts";
import { accessToken } from "./tokens.ts";

/** What scripts of other sites cannot send without asking first, and nobody answers them. */
const OWN_HEADER = "x-notes";

/** Passes calls on to the API with the user's access token, and back what it says, without a header more. */
export function proxy(sessions: Sessions<Account>, provider: Configuration, api: string): Router {
  const router = express.Router();
  router.use(express.raw({ type: "application/json", limit: "100kb" }), async (req, res) => {
    if (req.get(OWN_HEADER) === undefined) return void res.sendStatus(403);
    const session = await sessions.open(req);
    const token = await accessToken(session, provider);
    if (token === undefined) return void res.sendStatus(401);
    const hasBody = Buffer.isBuffer(req.body);
    // The path is below the API's, whatever it says: the token goes nowhere else.
    const address = new URL(api);
    address.pathname = req.path;
    address.search = new URL(req.url, api).search;
    const answer = await fetch(address, {
      method: req.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(hasBody && { "content-type": "application/json" }),
      },
      ...(hasBody && { body: req.body }),
      redirect: "manual",
    });
    res.status(answer.status).type(answer.headers.get("content-type") ?? "text/plain");
    res.send(Buffer.from(await answer.arrayBuffer()));
  });
  return router;
}
