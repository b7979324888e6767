import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../../src/index.ts";
import { flow } from "../../src/security/flows/index.ts";
import {
  type LimitSessionsOptions,
  limitSessions,
  SessionLimitError,
} from "../../src/security/limits/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { DAY, MINUTE } from "../laws/support/clock.ts";
import { everyInterleaving } from "../laws/support/interleavings.ts";
import { World } from "../laws/support/world.ts";
import { wrapped } from "../laws/support/wrapped-store.ts";

const limited = (options: LimitSessionsOptions): World =>
  new World({ protections: [limitSessions(options)] });

/** Signs in, and tells what came of it: the user, or the name of the error. */
async function signIn(browser: Browser, userId = "ada", device = "Browser"): Promise<unknown> {
  const headers = { "user-agent": device };
  const handler: Parameters<Browser["visit"]>[0] = async (session) => {
    const refusal = await session.signIn(userId).then(
      () => undefined,
      (error: Error) => error.name,
    );
    return refusal ?? session.userId;
  };
  return (await browser.visit(handler, { headers })).json;
}

async function userOf(browser: Browser): Promise<unknown> {
  return (await browser.visit((session) => session.userId ?? null)).json;
}

/** As many browsers as there are ids, each signed in a minute after the one before. */
async function oneByOne(world: World, count: number, userId = "ada"): Promise<Browser[]> {
  const browsers: Browser[] = [];
  for (let n = 0; n < count; n += 1) {
    world.clock.move(MINUTE);
    const browser = world.browser();
    await signIn(browser, userId);
    browsers.push(browser);
  }
  return browsers;
}

const aliveOf = async (browsers: readonly Browser[]): Promise<boolean[]> => {
  const users = await Promise.all(browsers.map((browser) => userOf(browser)));
  return users.map((user) => user !== null);
};

describe("a user who may have three sessions", () => {
  it("keeps the three newest, and the oldest sign-in ends whatever was used last [ASVS 7.1.2]", async () => {
    const world = limited({ perUser: 3 });
    const browsers = await oneByOne(world, 3);
    world.clock.move(10 * MINUTE);
    await userOf(browsers[0] as Browser);
    const fourth = world.browser();
    const oldest = await world.idOf(browsers[0] as Browser);
    expect(await signIn(fourth)).toBe("ada");
    expect(await aliveOf([...browsers, fourth])).toEqual([false, true, true, true]);
    const told = { id: oldest, userId: "ada" };
    expect(world.told("revoked")).toMatchObject([told]);
    expect(world.told("limited")).toMatchObject([{ ...told, limit: 3 }]);
  });

  it("is one of many: another one's sessions count for nothing", async () => {
    const world = limited({ perUser: 3 });
    const others = await oneByOne(world, 3, "bob");
    const browsers = await oneByOne(world, 3);
    expect(await aliveOf([...others, ...browsers])).toEqual(Array(6).fill(true));
  });

  it("may sign in again in the same browser, get new tokens, and come back from what has expired", async () => {
    const world = limited({ perUser: 3, onLimit: "refuseNewest" });
    const [first, ...browsers] = await oneByOne(world, 3);
    for (let n = 0; n < 4; n += 1) {
      expect(await signIn(first as Browser)).toBe("ada");
      await first?.visit((session) => session.regenerate());
    }
    expect(await aliveOf([first as Browser, ...browsers])).toEqual([true, true, true]);
    expect(await signIn(world.browser())).toBe("SessionLimitError");
    world.clock.move(DAY);
    expect(await signIn(world.browser())).toBe("ada");
  });

  it("goes on with a flow that is under way, at a step-up in a session that counts", async () => {
    const world = limited({ perUser: 1, onLimit: "refuseNewest" });
    const reset = flow("reset", { steps: ["asked"], expiresIn: "1h" }).holding<{ mail: string }>();
    const [browser] = await oneByOne(world, 1);
    await browser?.visit((session) => reset.begin(session, { mail: "ada" }));
    expect(await signIn(browser as Browser)).toBe("ada");
    const at = await browser?.visit((session) => reset.at(session));
    expect(at?.json).toMatchObject({ step: "asked", state: { mail: "ada" } });
    expect(await signIn(world.browser())).toBe("SessionLimitError");
  });

  it("is refused the fourth, and the visitor's session of before goes on", async () => {
    const world = limited({ perUser: 3, onLimit: "refuseNewest" });
    const browsers = await oneByOne(world, 3);
    const visitor = await world.returning({ cart: ["apple"] });
    const { json } = await visitor.visit(async (session) => {
      const error = await session.signIn("ada").catch((refusal: unknown) => refusal);
      const known = error instanceof SessionLimitError && error;
      return [
        known && [error.code, error.status, error.limit, error.sessions],
        session.get("cart"),
      ];
    });
    expect(json).toEqual([["ERR_SESSION_LIMIT", 409, 3, []], ["apple"]]);
    expect(await aliveOf(browsers)).toEqual([true, true, true]);
    expect(world.told("limited")).toMatchObject([{ id: undefined, userId: "ada", limit: 3 }]);
    await browsers[1]?.visit((session) => session.signOut());
    expect(await signIn(visitor)).toBe("ada");
  });

  it("is answered 409 with a sentence where nobody catches it", async () => {
    const world = limited({ perUser: 1, onLimit: "refuseNewest" });
    await oneByOne(world, 1);
    const answer = await world.browser().visit((session) => session.signIn("ada"));
    expect([answer.status, answer.text]).toEqual([
      409,
      "You are signed in on too many devices. Please sign out on one of them first.\n",
    ]);
  });

  it("is asked which to end, and told of no other than the user's own", async () => {
    const world = limited({ perUser: 2, onLimit: "ask" });
    const browsers = await oneByOne(world, 2);
    await oneByOne(world, 1, "bob");
    const visitor = world.browser();
    const { json } = await visitor.visit(async (session) => {
      const error = await session.signIn("ada").catch((refusal: SessionLimitError) => refusal);
      const choices = error instanceof SessionLimitError ? error.sessions : [];
      await world.sessions.revoke(choices[1]?.id ?? "", { userId: "ada" });
      await session.signIn("ada");
      return choices.map(({ userId }) => userId);
    });
    expect(json).toEqual(["ada", "ada"]);
    expect(await aliveOf([...browsers, visitor])).toEqual([true, false, true]);
  });

  it("has a limit for each kind of device", async () => {
    const per: LimitSessionsOptions["per"] = ({ device }) =>
      device?.includes("Mobile") === true ? "phone" : "desk";
    const world = limited({ perUser: 1, per });
    const [desk, phone, newPhone] = [world.browser(), world.browser(), world.browser()];
    for (const [browser, device] of [
      [desk, "Desktop"],
      [phone, "Mobile 1"],
      [newPhone, "Mobile 2"],
    ] as const) {
      world.clock.move(MINUTE);
      await signIn(browser, "ada", device);
    }
    expect(await aliveOf([desk, phone, newPhone])).toEqual([true, false, true]);
    const strict = world.process({
      protections: [limitSessions({ perUser: 1, per, onLimit: "refuseNewest" })],
    });
    expect(await signIn(new Browser(strict), "ada", "Other desktop")).toBe("SessionLimitError");
    expect(await signIn(new Browser(strict), "ada", "Mobile 3")).toBe("SessionLimitError");
  });

  it("counts those that were there before the limit, and ends what is beyond it", async () => {
    const world = new World();
    const before = await oneByOne(world, 6);
    const strict = world.process({ protections: [limitSessions({ perUser: 2 })] });
    const lenient = world.process({
      protections: [limitSessions({ perUser: 6, onLimit: "refuseNewest" })],
    });
    expect(await signIn(new Browser(lenient))).toBe("SessionLimitError");
    world.clock.move(MINUTE);
    expect(await signIn(new Browser(strict))).toBe("ada");
    expect(await aliveOf(before)).toEqual([false, false, false, false, false, true]);
  });

  it("counts a sign-in that was handed on", async () => {
    const world = limited({ perUser: 1, onLimit: "refuseNewest" });
    const giver = await world.signedIn();
    const receiver = world.browser();
    const audience = "https://shop.example";
    const { json: challenge } = await receiver.request(async (request) =>
      Response.json(await world.sessions.expectHandOff(request, { audience })),
    );
    const { json: code } = await giver.visit((session) =>
      world.sessions.handOff(session, { audience, challenge: String(challenge) }),
    );
    const redeemed = await receiver.request(
      async (request) => {
        await world.sessions.redeem(request, code);
        return new Response();
      },
      { method: "POST" },
    );
    expect(redeemed.status).toBe(409);
    expect(await userOf(receiver)).toBeNull();
  });
});

/** What changes nothing is not held up, where there would be too many orders. */
const READS = ["mark", "generation", "touch", "load", "list", "create"] as const;

describe.each(["endOldest", "refuseNewest", "ask"] as const)(
  "whatever is interleaved with a sign-in, %s",
  (onLimit) => {
    it("leaves one session of two sign-ins at once, and never none", async () => {
      await everyInterleaving(async (schedule) => {
        const world = new World();
        const at = (name: string): Sessions<Untyped> =>
          createSessions<Untyped>({
            store: wrapped(world.memory, schedule.actor(name, "mark", "generation")),
            clock: world.clock,
            protections: [limitSessions({ perUser: 1, onLimit })],
          });
        const browsers = ["one", "two"].map((name) => new Browser(at(name)));
        await schedule.run(browsers.map((browser) => signIn(browser)));
        const free = browsers.map((browser) => browser.copy(world.sessions));
        const alive = await aliveOf(free);
        expect(alive.filter(Boolean), schedule.trace.join(" ")).toHaveLength(1);
      });
    });

    it("leaves one session of two clicks in a session of the user's, and never none", async () => {
      await everyInterleaving(async (schedule) => {
        const world = new World();
        const at = (name: string): Sessions<Untyped> =>
          createSessions<Untyped>({
            store: wrapped(world.memory, schedule.actor(name, ...READS)),
            clock: world.clock,
            protections: [limitSessions({ perUser: 1, onLimit })],
          });
        const browser = await world.signedIn("ada");
        const browsers = ["one", "two"].map((name) => browser.copy(at(name)));
        await schedule.run(browsers.map((each) => signIn(each)));
        const alive = await aliveOf(browsers.map((each) => each.copy(world.sessions)));
        expect(alive.filter(Boolean), schedule.trace.join(" ")).toHaveLength(1);
      });
    });

    it("lets none outrun a revokeAll", async () => {
      await everyInterleaving(async (schedule) => {
        const world = new World();
        const at = (name: string): Sessions<Untyped> =>
          createSessions<Untyped>({
            store: wrapped(world.memory, schedule.actor(name, "mark")),
            clock: world.clock,
            protections: [limitSessions({ perUser: 1, onLimit })],
          });
        await world.signedIn("ada");
        const newcomer = new Browser(at("newcomer"));
        await schedule.run([signIn(newcomer), at("admin").revokeAll({ userId: "ada" })]);
        const listed = await world.sessions.list({ userId: "ada" });
        expect(listed.length, schedule.trace.join(" ")).toBeLessThanOrEqual(1);
      });
    });
  },
);

describe("what a limit costs", () => {
  it("is three calls for a sign-in, one of them a list, and nothing for other requests", async () => {
    const usual = ["load", "generation", "create", "generation", "mark", "end", "update"];
    for (const onLimit of ["endOldest", "refuseNewest"] as const) {
      const world = limited({ perUser: 3, onLimit });
      const browser = await world.returning();
      world.switch.calls.length = 0;
      await signIn(browser);
      expect(world.switch.calls.sort()).toEqual([...usual, "load", "list", "create"].sort());
      world.switch.calls.length = 0;
      await userOf(browser);
      expect(world.switch.calls.filter((call) => call !== "update")).toEqual(["load"]);
    }
  });

  it("does not grow with each sign-in, nor does what is noted", async () => {
    const world = limited({ perUser: 2, onLimit: "refuseNewest" });
    const call = { now: world.clock.now(), signal: new AbortController().signal };
    for (let n = 0; n < 40; n += 1) {
      const browser = await world.signedIn("ada");
      await browser.visit((session) => session.signOut());
    }
    const [ledger] = await world.memory.directory.scan(
      { manager: "session:seats", after: undefined, limit: 10 },
      call,
    );
    expect(JSON.parse(ledger?.data ?? "").tags).toHaveLength(1);
  });
});

describe("a limit that cannot hold", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sojourn-limits-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is refused in a sentence", () => {
    const protections = [limitSessions({ perUser: 5 })];
    const { load, create, update, end, profile } = memoryStore();
    const store = { load, create, update, end, profile };
    expect(() => createSessions({ store, protections })).toThrow(
      /^protections: limitSessions: this store cannot find sessions by user\./,
    );
    const keys = ["lYqT3m9XkV0aPzR7uWc2HsBfJdN4gEo8yKi5tQvM1xA"];
    const inCookies = {
      store: cookieStore({ revocations: sqliteStore(join(folder, "revoked.db")) }),
      keys,
      protections,
    };
    expect(() => createSessions(inCookies)).toThrow(
      /^protections: limitSessions: sessions in cookies, and those of another framework/,
    );
  });

  it.each([
    [{}, "limitSessions.perUser: must be a whole number from 1 to 100."],
    [{ perUser: 0 }, "limitSessions.perUser: must be"],
    [{ perUser: 2.5 }, "limitSessions.perUser: must be"],
    [{ perUser: 2, per: "phone" }, "limitSessions.per: must be a function"],
    [{ perUser: 2, onLimit: "reject" }, 'limitSessions.onLimit: must be one of "endOldest"'],
    [{ perUser: 2, max: 3 }, "limitSessions.max: is not known."],
  ])("is refused where it is misspelt: %j", (options, problem) => {
    expect(() => limitSessions(options as never)).toThrow(problem);
  });

  it("is refused at the sign-in where a kind is no text", async () => {
    const world = limited({ perUser: 1, per: () => undefined as never });
    const answer = await world.browser().visit(async (session) => {
      return session.signIn("ada").catch((error: Error) => error.message);
    });
    expect(answer.json).toMatch(/^limitSessions.per: must return a text/);
  });
});
