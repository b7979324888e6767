import { createSessions, type Session } from "../../../src/index.ts";
import { subjects } from "../../history/subjects.ts";
import { type Errand, GrantEndedError } from "../errand.ts";
import type { Tokens } from "../tokens.ts";
import type { MakeRecipe, Plan } from "./recipe.ts";

interface Data {
  tokens?: Tokens;
}

/** As docs/exclusive.md says. */
export const makeExclusive: MakeRecipe = async (plan) => {
  const store = await subjects[plan.store].open(plan.place);
  const sessions = createSessions<Data>({ store });
  return {
    signIn: (request, tokens) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        await session.signIn("ada");
        session.set("tokens", tokens);
        return new Response();
      }),
    serve: (request, errand) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        const tokens = session.get("tokens");
        if (tokens !== undefined && errand.isStale(tokens)) await refresh(session, errand, plan);
        return Response.json(errand.reply(session.get("tokens")));
      }),
  };
};

function refresh(session: Session<Data>, errand: Errand, plan: Plan): Promise<void> {
  const options = { lease: plan.leaseMs, wait: plan.waitMs };
  return session.exclusive("refresh", options, async (inside, held) => {
    const tokens = inside.get("tokens");
    // Somebody has refreshed, or signed the visitor out, since this request opened its session.
    if (tokens === undefined || !errand.isStale(tokens)) return;
    const isKnowing = held.previous === "unknown" && held.intent === tokens.expiresAt;
    // The token may have been used. A provider without a grace would end everything.
    if (isKnowing && !plan.hasGrace) return inside.delete("tokens");
    await held.intend(tokens.expiresAt);
    try {
      inside.set(
        "tokens",
        await errand.refresh(tokens.refresh, { signal: held.signal, isKnowing }),
      );
    } catch (error) {
      if (!(error instanceof GrantEndedError)) throw error;
      inside.delete("tokens");
    }
    await errand.reach("before the commit");
    await errand.reach("in the commit");
  });
}
