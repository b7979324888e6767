import type { TokenEndpointResponse } from "openid-client";
import { type Configuration, ResponseBodyError, refreshTokenGrant } from "openid-client";
import type { Session } from "sojourn";
import { identityOf } from "sojourn/oidc";
import type { Account, Tokens } from "./account.ts";

/** What is good for less than this is renewed. */
const MARGIN_MS = 30_000;

export function tokensIn(granted: TokenEndpointResponse, before?: Tokens): Tokens {
  return {
    access: granted.access_token,
    refresh: granted.refresh_token ?? before?.refresh ?? "",
    expiresAt: Date.now() + (granted.expires_in ?? 0) * 1_000,
  };
}

/** A good access token; `undefined` where the user has to sign in again. Refreshed once for all who ask. */
export async function accessToken(
  session: Session<Account>,
  provider: Configuration,
): Promise<string | undefined> {
  if (isGood(session.get("tokens"))) return session.get("tokens")?.access;
  if (session.userId === undefined) return undefined;
  const whose = identityOf(session)?.subject;
  await session.exclusive("refresh", { lease: "10s" }, async (inside, { intent, intend }) => {
    const tokens = inside.get("tokens");
    if (tokens === undefined || isGood(tokens)) return;
    // Somebody was about to send this one, and nobody knows whether it was sent.
    if (intent === tokens.expiresAt) return inside.delete("tokens");
    await intend(tokens.expiresAt);
    const next = await refreshed(provider, tokens, whose);
    if (next === undefined) inside.delete("tokens");
    else inside.set("tokens", next);
  });
  return session.get("tokens")?.access;
}

function isGood(tokens: Tokens | undefined): boolean {
  return tokens !== undefined && Date.now() < tokens.expiresAt - MARGIN_MS;
}

/** `undefined` where the provider refuses, or speaks of somebody else. No sign-in: it moves no time. */
async function refreshed(
  provider: Configuration,
  tokens: Tokens,
  whose: string | undefined,
): Promise<Tokens | undefined> {
  try {
    const granted = await refreshTokenGrant(provider, tokens.refresh);
    const claims = granted.claims();
    return claims === undefined || claims.sub === whose ? tokensIn(granted, tokens) : undefined;
  } catch (error) {
    if (error instanceof ResponseBodyError) return undefined;
    throw error;
  }
}
