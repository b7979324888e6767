import { describe, expect, it } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  memoryStore,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { durableStore, newKey } from "../cookies/support/cookie-world.ts";
import { Browser } from "./support/browser.ts";
import { MINUTE, SECOND, SetClock } from "./support/clock.ts";
import { wrapped, yielding } from "./support/wrapped-store.ts";

const AUDIENCE = "https://shop.example";

async function begin(receiver: Browser): Promise<string> {
  const { text } = await receiver.request(
    async (request) =>
      new Response(await receiver.sessions.expectHandOff(request, { audience: AUDIENCE })),
  );
  return text;
}

async function codeOf(giver: Browser, challenge: string): Promise<string> {
  const { text } = await giver.visit(
    async (session) =>
      new Response(await giver.sessions.handOff(session, { audience: AUDIENCE, challenge })),
  );
  return text;
}

async function redeem(receiver: Browser, code: string): Promise<string> {
  const { text } = await receiver.request(
    async (request) => {
      const redeemed = await receiver.sessions.redeem(request, code);
      return new Response(redeemed.ok ? `as ${redeemed.session.userId}` : redeemed.reason);
    },
    { method: "POST" },
  );
  return text;
}

/** Two processes that share what the store keeps, each with clocks and copies of its own. */
type Processes = readonly [Sessions<Untyped>, Sessions<Untyped>];

const PROCESSES: Readonly<Record<string, () => Processes>> = {
  "copies in cookies": () => {
    const memory = memoryStore();
    const keys = [newKey()];
    const process = (): Sessions<Untyped> =>
      createSessions<Untyped>({
        store: cookieCache(wrapped(memory, yielding), { maxStaleness: "5m" }),
        keys,
      });
    return [process(), process()];
  },
  "copies in memory": () => {
    const origin = memoryStore();
    const process = (): Sessions<Untyped> => {
      const store = layered(memoryStore(), wrapped(origin, yielding), { maxStaleness: "5m" });
      return createSessions<Untyped>({ store });
    };
    return [process(), process()];
  },
  "sealed records": () => {
    const memory = memoryStore();
    const keys = [newKey()];
    const process = (): Sessions<Untyped> =>
      createSessions<Untyped>({
        store: encrypted(wrapped(memory, yielding), keys) as SessionStore,
      });
    return [process(), process()];
  },
  "no directory": () => {
    const memory = memoryStore();
    const process = (): Sessions<Untyped> => {
      const { directory, ...store } = wrapped(memory, yielding);
      return createSessions<Untyped>({ store });
    };
    return [process(), process()];
  },
};

describe.each(Object.keys(PROCESSES))("over %s", (kind) => {
  async function start(): Promise<{ giver: Browser; receiver: Browser; code: string }> {
    const [one, other] = PROCESSES[kind]?.() ?? [];
    if (one === undefined || other === undefined) throw new Error(kind);
    const giver = new Browser(one);
    await giver.visit((session) => session.signIn("ada"));
    const receiver = new Browser(other);
    const code = await codeOf(giver, await begin(receiver));
    return { giver, receiver, code };
  }

  it("a code signs in once, in the other process", async () => {
    const { receiver, code } = await start();
    const [first, second] = await Promise.all([
      redeem(receiver.copy(), code),
      redeem(receiver.copy(), code),
    ]);
    expect([first, second].sort()).toEqual(["as ada", "used"]);
  });

  it("a code is void though the process that redeems it holds a copy of the giver's session", async () => {
    const { giver, receiver, code } = await start();
    // The copies are made here: in this process, and in the cookie.
    await giver.copy(receiver.sessions).visit((session) => session.userId);
    await giver.visit((session) => session.signOut());
    expect(await redeem(receiver, code)).toBe("ended");
  });

  it("a code is good though the giver went on under a new token elsewhere", async () => {
    const { giver, receiver, code } = await start();
    await giver.copy(receiver.sessions).visit((session) => session.userId);
    await giver.visit((session) => session.regenerate());
    expect(await redeem(receiver, code)).toBe("as ada");
  });
});

describe("servers whose clocks differ", () => {
  async function between(aheadMs: number, waitMs: number): Promise<string> {
    const memory = memoryStore();
    const clocks = [new SetClock(), new SetClock(new SetClock().now() + aheadMs)] as const;
    const [one, other] = clocks.map((clock) =>
      createSessions<Untyped>({ store: wrapped(memory, yielding), clock }),
    );
    if (one === undefined || other === undefined) throw new Error("there are two");
    const giver = new Browser(one);
    await giver.visit((session) => session.signIn("ada"));
    const receiver = new Browser(other);
    const code = await codeOf(giver, await begin(receiver));
    for (const clock of clocks) clock.move(waitMs);
    return redeem(receiver, code);
  }

  it("take a code for older or younger by the difference, and no more", async () => {
    expect(await between(30 * SECOND, 29 * SECOND)).toBe("as ada");
    expect(await between(30 * SECOND, 30 * SECOND)).toBe("expired");
    expect(await between(-4 * MINUTE, MINUTE)).toBe("as ada");
    expect(await between(-4 * MINUTE, 5 * MINUTE)).toBe("expired");
  });
});

describe("sessions in cookies", () => {
  it("cannot be handed on, and say what can", async () => {
    const sessions = createSessions<Untyped>({
      store: cookieStore({ revocations: durableStore() }),
      keys: [newKey()],
      onError: () => undefined,
    });
    const browser = new Browser(sessions);
    await browser.visit((session) => session.signIn("ada"));
    const challenge = "A".repeat(43);
    const refusals = await browser.visit(async (session, request) => [
      String(await sessions.expectHandOff(request, { audience: AUDIENCE }).catch(String)),
      String(await sessions.handOff(session, { audience: AUDIENCE, challenge }).catch(String)),
    ]);
    expect(refusals.json).toEqual([
      expect.stringMatching(/^OptionsError: sessions.expectHandOff: .*sqliteStore/),
      expect.stringMatching(/^OptionsError: sessions.handOff: .*sqliteStore/),
    ]);
    const { status } = await browser.request(
      async (request) => Response.json(await sessions.redeem(request, challenge)),
      { method: "POST" },
    );
    expect(status).toBe(500);
  });
});
