import express, { type Router } from "express";
import * as openid from "openid-client";
import type { Sessions } from "sojourn";
import { receiveLogout, signInFrom } from "sojourn/oidc";
import type { Account } from "./account.ts";
import { tokensIn } from "./tokens.ts";

/** The way to the provider and back, and out again. */
export function signingIn(
  sessions: Sessions<Account>,
  provider: openid.Configuration,
  origin: string,
): Router {
  const router = express.Router();

  router.get("/login", async (req, res) => {
    const session = await sessions.open(req);
    const state = openid.randomState();
    const nonce = openid.randomNonce();
    const verifier = openid.randomPKCECodeVerifier();
    session.set("login", { state, nonce, verifier }, { expiresIn: "10m" });
    const address = openid.buildAuthorizationUrl(provider, {
      redirect_uri: `${origin}/callback`,
      scope: "openid offline_access",
      prompt: "consent",
      max_age: "3600",
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    res.redirect(303, address.href);
  });

  router.get("/callback", async (req, res) => {
    const session = await sessions.open(req);
    const login = await session.consume("login");
    if (login === undefined) return void res.redirect(303, "/");
    const granted = await openid.authorizationCodeGrant(provider, new URL(req.url, origin), {
      expectedState: login.state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.verifier,
      maxAge: 3600,
      idTokenExpected: true,
    });
    const claims = granted.claims();
    if (claims === undefined) throw new Error("The provider sent no ID token.");
    await signInFrom(session, claims.sub, claims, { keep: [] });
    session.set("tokens", tokensIn(granted));
    res.redirect(303, "/");
  });

  router.post("/logout", async (req, res) => {
    const session = await sessions.open(req);
    const refresh = session.get("tokens")?.refresh;
    await session.signOut();
    if (refresh !== undefined) await openid.tokenRevocation(provider, refresh);
    // Without an id_token_hint: that would be a token in the browser's address.
    const address = openid.buildEndSessionUrl(provider, { post_logout_redirect_uri: `${origin}/` });
    res.json({ next: address.href });
  });

  router.post("/back-channel-logout", express.urlencoded({ limit: "20kb" }), async (req, res) => {
    const received = await receiveLogout(sessions, req.body?.logout_token);
    res.set("Cache-Control", "no-store").sendStatus(received.ok ? 200 : 400);
  });

  return router;
}
