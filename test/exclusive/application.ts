/**
 * One application process of a run: `node application.ts <plan as JSON>`. It serves one visitor by
 * the recipe of the plan, over HTTP, and may be killed at any time.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { ask, Errand } from "./errand.ts";
import type { MakeRecipe, Plan, RecipeName } from "./recipes/recipe.ts";
import type { Tokens } from "./tokens.ts";

/** Each is loaded only where it is used. */
const RECIPES: Readonly<Record<RecipeName, () => Promise<MakeRecipe>>> = {
  exclusive: async () => (await import("./recipes/exclusive.ts")).makeExclusive,
  "auth.js": async () => (await import("./recipes/auth-js.ts")).makeAuthJs,
  "iron-session": async () => (await import("./recipes/iron-session.ts")).makeIronSession,
  "redis lock": async () => (await import("./recipes/redis-lock.ts")).makeRedisLock,
};

const plan: Plan = JSON.parse(process.argv[2] ?? "");
const make = await RECIPES[plan.recipe]();
const recipe = await make(plan);

async function answer(incoming: Request): Promise<Response> {
  // Cookies that are sent over TLS alone are looked for there alone.
  const { pathname } = new URL(incoming.url);
  const request = new Request(`https://localhost${pathname}`, { headers: incoming.headers });
  if (pathname !== "/sign-in") {
    const errand = new Errand(plan.provider, request);
    const response = await recipe.serve(request, errand);
    await errand.survive();
    return response;
  }
  const at = Number(request.headers.get("x-at"));
  return recipe.signIn(request, await ask<Tokens>(plan.provider, "/sign-in", { at }));
}

async function answerAnyhow(request: Request): Promise<Response> {
  return answer(request).catch((error: unknown) => new Response(String(error), { status: 500 }));
}

// Nobody outlives the run.
process.on("disconnect", () => process.exit());
const server = createServer(getRequestListener(answerAnyhow));
// A connection that lies idle is not closed while the next request is on its way.
server.keepAliveTimeout = 0;
server.listen({ port: 0, host: "127.0.0.1", backlog: 1_024 }, () => {
  process.send?.((server.address() as AddressInfo).port);
});
