import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "redis";
import { type Errand, GrantEndedError } from "../errand.ts";
import type { Tokens } from "../tokens.ts";
import type { MakeRecipe, Plan } from "./recipe.ts";

/** Between two attempts to get the lock: the usual pause, and a part of it at random. */
const RETRY_MS = [200, 100] as const;

/** Removes the lock if it is still one's own, as the pattern in Redis's documentation does. */
const UNLOCK =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/**
 * Sessions in Redis as plain JSON, and a lock by `SET NX PX` around the refresh, as Redis documents
 * the pattern for a single server. Who waits looks between two attempts whether the tokens are
 * fresh by now, and who gets the lock looks again: both are often left out.
 */
export const makeRedisLock: MakeRecipe = async (plan) => {
  const client = connect(plan);
  await client.connect();
  const sessions = new LockedSessions(client, plan);
  return {
    async signIn(_request, tokens) {
      const id = randomBytes(24).toString("base64url");
      await sessions.write(id, tokens);
      return new Response(null, { headers: { "Set-Cookie": `sid=${id}; Path=/; HttpOnly` } });
    },
    async serve(request, errand) {
      const id = /^sid=(.+)$/.exec(request.headers.get("cookie") ?? "")?.[1] ?? "";
      return Response.json(errand.reply(await sessions.freshTokens(id, errand)));
    },
  };
};

function connect({ place }: Plan) {
  return createClient({ url: `redis://127.0.0.1:${place.port}` });
}

type Client = ReturnType<typeof connect>;

class LockedSessions {
  readonly #client: Client;
  readonly #lockMs: number;
  readonly #patienceMs: number;

  constructor(client: Client, { leaseMs, waitMs }: Plan) {
    this.#client = client;
    this.#lockMs = leaseMs;
    this.#patienceMs = waitMs;
  }

  async read(id: string): Promise<Tokens | undefined> {
    const text = await this.#client.get(`session:${id}`);
    return text === null ? undefined : JSON.parse(text);
  }

  async write(id: string, tokens: Tokens): Promise<void> {
    await this.#client.set(`session:${id}`, JSON.stringify(tokens));
  }

  /** Tokens that are good, once the lock is got or somebody else has refreshed. */
  async freshTokens(id: string, errand: Errand): Promise<Tokens | undefined> {
    const until = performance.now() + this.#patienceMs;
    for (;;) {
      const tokens = await this.read(id);
      if (tokens === undefined || !errand.isStale(tokens)) return tokens;
      const owner = randomBytes(16).toString("hex");
      const isMine = await this.#lock(id, owner);
      if (isMine) return this.#refresh(id, errand).finally(() => this.#unlock(id, owner));
      if (performance.now() > until) throw new Error("The lock was not to be had.");
      await pause(RETRY_MS[0] + Math.random() * RETRY_MS[1]);
    }
  }

  async #refresh(id: string, errand: Errand): Promise<Tokens | undefined> {
    const tokens = await this.read(id);
    if (tokens === undefined || !errand.isStale(tokens)) return tokens;
    try {
      const next = await errand.refresh(tokens.refresh);
      await errand.reach("before the commit");
      await errand.reach("in the commit");
      await this.write(id, next);
      return next;
    } catch (error) {
      if (!(error instanceof GrantEndedError)) throw error;
      await this.#client.del(`session:${id}`);
      return undefined;
    }
  }

  async #lock(id: string, owner: string): Promise<boolean> {
    const options = { condition: "NX", expiration: { type: "PX", value: this.#lockMs } } as const;
    return (await this.#client.set(`lock:${id}`, owner, options)) !== null;
  }

  async #unlock(id: string, owner: string): Promise<void> {
    await this.#client.eval(UNLOCK, { keys: [`lock:${id}`], arguments: [owner] });
  }
}
