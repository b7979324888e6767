import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { cookieCache } from "../../src/cookies/cookie.ts";
import {
  CodecError,
  createSessions,
  DataTooLargeError,
  type Duration,
  OptionsError,
  REMOVE,
  type Session,
  type SessionRecord,
  type Untyped,
} from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { HOUR, MINUTE, SECOND, SetClock } from "./support/clock.ts";
import { places } from "./support/everywhere.ts";
import { everyInterleaving } from "./support/interleavings.ts";
import { gate, times, World } from "./support/world.ts";
import { wrapped } from "./support/wrapped-store.ts";

const PLACES = places();
beforeAll(() => PLACES.start());
afterAll(() => PLACES.stop());

const read = async (browser: Browser, key: string): Promise<unknown> =>
  (await browser.visit((session) => session.get(key) ?? null)).json;

describe.each(PLACES.all)("a value with a time of its own, $name", (place) => {
  async function visitor(
    options: Record<string, unknown> = {},
  ): Promise<{ clock: SetClock; here: Browser; there: Browser }> {
    const clock = new SetClock(Date.now());
    const [one, other] = await place.open(clock, options);
    const here = new Browser(one);
    return { clock, here, there: new Browser(other, here.jar) };
  }

  /** Where another process sees the same visitor. */
  const follow = ({ here, there }: { here: Browser; there: Browser }): Browser =>
    new Browser(there.sessions, here.jar);

  it("is there until it is due, and not from that moment on", async () => {
    const seen = await visitor();
    const { clock, here } = seen;
    await here.visit((session) => session.set("code", "1234", { expiresIn: "10m" }));
    clock.move(10 * MINUTE - 1);
    expect(await read(follow(seen), "code")).toBe("1234");
    clock.move(1);
    const { json } = await follow(seen).visit((session) => [
      session.get("code") ?? null,
      session.has("code"),
      [...session.entries()],
    ]);
    expect(json).toEqual([null, false, []]);
  });

  it("leaves the default in its place", async () => {
    const { clock, here } = await visitor({ defaults: { step: "start", list: ["a"] } });
    await here.visit((session) => {
      session.set("step", "code", { expiresIn: "5m" });
      session.set("list", [], { expiresIn: "5m" });
    });
    expect(await read(here, "step")).toBe("code");
    clock.move(5 * MINUTE);
    expect(await read(here, "step")).toBe("start");
    expect(await read(here, "list")).toEqual(["a"]);
  });

  it("cannot be consumed any more, nor counted on", async () => {
    const { clock, here } = await visitor();
    await here.visit((session) => {
      session.set("code", "1234", { expiresIn: "10m" });
      session.set("tries", 2, { expiresIn: "10m" });
    });
    clock.move(10 * MINUTE);
    const { json } = await here.visit(async (session) => [
      (await session.consume("code")) ?? null,
      await session.update("tries", (n = 0) => n + 1),
    ]);
    expect(json).toEqual([null, 1]);
    clock.move(10 * MINUTE);
    // What it was counted to is a new value, which nobody has given a time.
    expect(await read(here, "tries")).toBe(1);
  });

  it("keeps its time while it is counted, or changed in place", async () => {
    const { clock, here } = await visitor();
    await here.visit((session) => {
      session.set("tries", 0, { expiresIn: "10m" });
      session.set("cart", ["tea"], { expiresIn: "10m" });
    });
    clock.move(9 * MINUTE);
    await here.visit((session) => session.update("tries", (n) => n + 1));
    await here.visit((session) => {
      session.get("cart").push("cup");
    });
    expect(await read(here, "cart")).toEqual(["tea", "cup"]);
    clock.move(MINUTE);
    expect(await read(here, "tries")).toBe(null);
    expect(await read(here, "cart")).toBe(null);
  });

  it("is given another time by update", async () => {
    const { clock, here } = await visitor();
    await here.visit((session) => session.set("tries", 0, { expiresIn: "10m" }));
    clock.move(9 * MINUTE);
    await here.visit((session) => session.update("tries", (n) => n + 1, { expiresIn: "10m" }));
    clock.move(9 * MINUTE);
    expect(await read(here, "tries")).toBe(1);
    clock.move(MINUTE);
    expect(await read(here, "tries")).toBe(null);
  });

  it.each<[string, (session: Session<Untyped>) => unknown]>([
    ["a plain set, of the same value too", (session) => session.set("code", "1234")],
    [
      "a deletion before a set",
      (session) => {
        session.delete("code");
        session.set("code", "1234");
      },
    ],
    [
      "a clear before an update",
      async (session) => {
        session.clear();
        await session.update("code", () => "1234");
      },
    ],
    [
      "an update that removes before one that sets",
      async (session) => {
        await session.update("code", () => REMOVE);
        await session.update("code", () => "1234");
      },
    ],
  ])("has no time of its own any more after %s", async (_what, act) => {
    const { clock, here } = await visitor();
    await here.visit((session) => session.set("code", "1234", { expiresIn: "10m" }));
    await here.visit(act);
    clock.move(20 * MINUTE);
    expect(await read(here, "code")).toBe("1234");
  });

  it.each<[string, (session: Session<Untyped>) => Promise<void>]>([
    ["a sign-in", (session) => session.signIn("ada")],
    ["a sign-in that keeps it", (session) => session.signIn("ada", { keep: ["code", "other"] })],
    ["a sign-out that keeps it", (session) => session.signOut({ keep: ["code", "other"] })],
    ["a new token", (session) => session.regenerate()],
  ])("takes its time along through %s", async (_what, act) => {
    const { clock, here } = await visitor();
    await here.visit((session) => {
      session.set("code", "1234", { expiresIn: "10m" });
      session.set("other", "x");
    });
    clock.move(9 * MINUTE);
    await here.visit(act);
    expect(await read(here, "code")).toBe("1234");
    clock.move(MINUTE);
    expect(await read(here, "code")).toBe(null);
    expect(await read(here, "other")).toBe("x");
  });

  it("is gone for a look from outside, at the moment of the look", async () => {
    const { clock, here } = await visitor();
    await here.visit((session) => session.set("code", { n: 1 }, { expiresIn: "10m" }));
    const [cookie] = [...here.jar].map(([name, value]) => `${name}=${value}`);
    const view = await here.sessions.read(
      new Request("https://localhost/", { headers: { cookie: cookie ?? "" } }),
    );
    expect(view?.get("code")).toEqual({ n: 1 });
    clock.move(10 * MINUTE);
    expect(view?.get("code")).toBeUndefined();
    expect(view?.has("code")).toBe(false);
    expect([...(view?.entries() ?? [])]).toEqual([]);
  });

  it("may be under a key that objects inherit", async () => {
    const { clock, here } = await visitor();
    await here.visit((session) => {
      for (const key of ["constructor", "toString", "hasOwnProperty", "", "k", "ä世"]) {
        session.set(key, key, { expiresIn: "10m" });
      }
      expect(() => session.set("__proto__", 1, { expiresIn: "10m" })).toThrow(CodecError);
    });
    await here.visit((session) => session.set("toString", "plain"));
    clock.move(10 * MINUTE);
    const { json } = await here.visit((session) => [...session.entries()]);
    expect(json).toEqual([["toString", "plain"]]);
  });
});

describe.each(PLACES.where("merges parallel writes"))(
  "values with times of their own that parallel requests set, $name",
  (place) => {
    it("are all there, each with its own time", async () => {
      const clock = new SetClock(Date.now());
      const managers = await place.open(clock);
      const here = new Browser(managers[0]);
      await here.visit((session) => session.set("seen", 1));
      const answers = await times(20, (n) =>
        here.copy(managers[n % 2]).visit((session) => {
          session.set(`key${n}`, n, n % 4 === 0 ? {} : { expiresIn: (n % 4) * MINUTE });
        }),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      for (let minute = 0; minute < 4; minute += 1) {
        const { json } = await here.visit((session) =>
          [...session.entries()].filter(([key]) => key !== "seen").map(([, n]) => n),
        );
        const rest = Array.from({ length: 20 }, (_, n) => n).filter(
          (n) => n % 4 === 0 || n % 4 > minute,
        );
        expect((json as number[]).toSorted((one, other) => one - other)).toEqual(rest);
        clock.move(MINUTE);
      }
    });
  },
);

describe("a value with a time of its own", () => {
  it("is gone when it becomes due while the request runs", async () => {
    const world = new World({ defaults: { cart: ["tea"] } });
    const browser = await world.returning({ other: 1 });
    await browser.visit((session) => {
      session.set("cart", ["cup"], { expiresIn: "1m" });
      session.set("code", "1234", { expiresIn: "1m" });
    });
    await browser.visit(async (session) => {
      const cart = session.get("cart");
      expect(cart).toEqual(["cup"]);
      session.set("fresh", "x", { expiresIn: "1m" });
      world.clock.move(MINUTE);
      cart.push("too late");
      expect(session.get("cart")).toEqual(["tea"]);
      expect([...session.entries()]).toEqual([
        ["cart", ["tea"]],
        ["other", 1],
      ]);
      expect(await session.consume("code")).toBeUndefined();
      expect(await session.consume("fresh")).toBeUndefined();
    });
    expect(await read(browser, "cart")).toEqual(["tea"]);
  });

  it("is not what an update of that request is given, though it was there at its beginning", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("tries", 4, { expiresIn: "1m" }));
    await browser.visit(async (session) => {
      expect(session.get("tries")).toBe(4);
      world.clock.move(MINUTE);
      expect(await session.update("tries", (n = 0) => n + 1)).toBe(1);
    });
    await browser.visit((session) => session.set("tries", 4, { expiresIn: "1m" }));
    await browser.visit(async (session) => {
      await browser.copy(world.process()).visit((theirs) => theirs.set("other", 1));
      world.clock.move(MINUTE);
      // The store answers with a conflict, and with a record in which it is still there.
      expect(await session.update("tries", (n = 0) => n + 1)).toBe(1);
    });
    world.clock.move(MINUTE);
    expect(await read(browser, "tries")).toBe(1);
  });

  it("leaves no trace once it is gone", async () => {
    const world = new World();
    const browser = await world.returning({ other: 1 });
    const id = await world.idOf(browser);
    const acts: readonly ((session: Session<Untyped>) => unknown)[] = [
      (session) => session.consume("code"),
      (session) => session.delete("code"),
      (session) => session.update("code", () => REMOVE),
    ];
    for (const act of acts) {
      await browser.visit((session) => session.set("code", "1234", { expiresIn: "1m" }));
      expect(await world.stored(id)).toMatchObject({ notes: expect.stringContaining("code") });
      await browser.visit(act);
      expect(await world.stored(id)).toMatchObject({ data: '{"other":1}', notes: undefined });
    }
  });

  it("serves for a code that may be tried three times", async () => {
    const world = new World();
    const browser = await world.returning();
    const sent = () =>
      browser.visit((session) =>
        session.set("code", { digits: "1234", left: 3 }, { expiresIn: "10m" }),
      );
    const tried = async (given: string): Promise<unknown> => {
      const { json } = await browser.copy().visit(async (session) => {
        let isRight = false;
        await session.update("code", (code?: { digits: string; left: number }) => {
          isRight = code?.digits === given;
          if (code === undefined || isRight || code.left === 1) return REMOVE;
          return { ...code, left: code.left - 1 };
        });
        return isRight;
      });
      return json;
    };
    await sent();
    expect([await tried("1"), await tried("1234"), await tried("1234")]).toEqual([
      false,
      true,
      false,
    ]);
    await sent();
    await times(3, () => tried("1"));
    expect(await tried("1234")).toBe(false);
    await sent();
    world.clock.move(9 * MINUTE);
    expect(await tried("1")).toBe(false);
    world.clock.move(MINUTE);
    expect(await tried("1234")).toBe(false);
  });

  it("is kept for its time by exclusive work, too", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("stale", 1, { expiresIn: "1m" }));
    await browser.visit((session) =>
      session.exclusive("refresh", async (work) => {
        work.set("token", "abc", { expiresIn: "5m" });
        expect(await work.update("tries", (n = 0) => n + 1, { expiresIn: "5m" })).toBe(1);
        expect(await work.update("tries", (n = 0) => n + 1)).toBe(2);
        world.clock.move(MINUTE);
        expect(work.get("stale")).toBeUndefined();
        expect(await work.update("stale", (n = 0) => n + 1)).toBe(1);
      }),
    );
    world.clock.move(4 * MINUTE - 1);
    expect(await read(browser, "token")).toBe("abc");
    expect(await read(browser, "tries")).toBe(2);
    world.clock.move(1 + MINUTE);
    expect(await read(browser, "token")).toBe(null);
    expect(await read(browser, "tries")).toBe(null);
    expect(await read(browser, "stale")).toBe(1);
  });

  it("costs no write when it is due, and goes with the next one", async () => {
    const world = new World();
    const browser = await world.returning({ other: 1 });
    await browser.visit((session) => session.set("code", "1234", { expiresIn: "1m" }));
    const id = await world.idOf(browser);
    world.clock.move(MINUTE);
    world.switch.forget();
    expect(await read(browser, "code")).toBe(null);
    expect(world.switch.calls).toEqual(["load"]);
    expect(await world.stored(id)).toMatchObject({ data: '{"other":1,"code":"1234"}' });
    await browser.visit((session) => session.set("other", 2));
    expect(await world.stored(id)).toMatchObject({ data: '{"other":2}', notes: undefined });
  });

  it("is stored again where it is set again, though its old text is still there", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("code", "1234", { expiresIn: "1m" }));
    world.clock.move(MINUTE);
    await browser.visit((session) => session.set("code", "1234", { expiresIn: "1m" }));
    world.clock.move(MINUTE - 1);
    expect(await read(browser, "code")).toBe("1234");
    world.clock.move(1);
    expect(await read(browser, "code")).toBe(null);
  });

  it("is not brought back by a change in place that was made too late", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("cart", ["tea"], { expiresIn: "1m" }));
    const held = gate();
    const slow = browser.copy().visit(async (session) => {
      session.get("cart").push("cup");
      await held.passed;
    });
    await browser.visit(() => undefined);
    world.clock.move(MINUTE);
    held.open();
    expect((await slow).status).toBe(200);
    expect(await read(browser, "cart")).toBe(null);
    world.clock.move(HOUR / 3);
    expect(await read(browser, "cart")).toBe(null);
  });

  it("lives on by no change in place, though another request has deleted it", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("cart", ["tea"], { expiresIn: "5m" }));
    await browser.visit(async (session) => {
      session.get("cart").push("cup");
      await browser.copy(world.process()).visit((theirs) => theirs.delete("cart"));
    });
    world.clock.move(5 * MINUTE);
    expect(await read(browser, "cart")).toBe(null);
  });

  it("is given its time again after a conflict", async () => {
    const world = new World();
    const browser = await world.returning();
    const elsewhere = browser.copy(world.process());
    await browser.visit(async (session) => {
      session.set("a", 1, { expiresIn: "1m" });
      await elsewhere.visit((theirs) => theirs.set("b", 2, { expiresIn: "2m" }));
    });
    expect(world.told("conflict")).toHaveLength(1);
    world.clock.move(MINUTE);
    expect(await read(browser, "a")).toBe(null);
    expect(await read(browser, "b")).toBe(2);
    world.clock.move(MINUTE);
    expect(await read(browser, "b")).toBe(null);
  });

  it("keeps what others set, in whatever order two processes come", async () => {
    await everyInterleaving(async (schedule) => {
      const world = new World();
      const browser = await world.returning();
      const act = async (name: string, handler: (session: Session<Untyped>) => unknown) => {
        const store = wrapped(world.memory, schedule.actor(name, "generation"));
        const sessions = createSessions<Untyped>({ store, clock: world.clock });
        await browser.copy(sessions).visit(handler);
      };
      await schedule.run([
        act("one", (session) => session.set("a", 1, { expiresIn: "1m" })),
        act("two", (session) => session.update("b", () => 2, { expiresIn: "2m" })),
      ]);
      const { json: both } = await browser.visit((session) => [session.get("a"), session.get("b")]);
      expect(both).toEqual([1, 2]);
      world.clock.move(MINUTE);
      const { json: one } = await browser.visit((session) => [session.has("a"), session.has("b")]);
      expect(one).toEqual([false, true]);
      world.clock.move(MINUTE);
      const { json: none } = await browser.visit((session) => [session.has("a"), session.has("b")]);
      expect(none).toEqual([false, false]);
    });
  });

  it("is unseen by the schema once it is due", async () => {
    const seen: unknown[] = [];
    const schema = z.object({
      code: z
        .string()
        .optional()
        .refine((code) => {
          seen.push(code);
          return true;
        }),
      step: z.enum(["start", "code"]).default("start"),
      n: z.number().optional(),
    });
    const world = new World({ schema });
    const browser = await world.returning({ n: 1 });
    await browser.visit((session) => {
      session.set("code", "1234", { expiresIn: "1m" });
      session.set("step", "code", { expiresIn: "1m" });
    });
    world.clock.move(MINUTE);
    seen.length = 0;
    expect(await read(browser, "step")).toBe("start");
    await browser.visit((session) => session.set("n", 2));
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  it("is due by the clock of the server that reads: earlier or later by their difference", async () => {
    const world = new World();
    const browser = await world.returning();
    const ahead = world.process({ clock: { now: () => world.clock.now() + 30 * SECOND } });
    await browser.visit((session) => session.set("code", "1234", { expiresIn: "5m" }));
    world.clock.move(5 * MINUTE - 30 * SECOND - 1);
    expect(await read(browser.copy(ahead), "code")).toBe("1234");
    world.clock.move(1);
    expect(await read(browser.copy(ahead), "code")).toBe(null);
    expect(await read(browser, "code")).toBe("1234");
  });

  it("does not outlive the session, nor lengthen it", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("code", "1234", { expiresIn: "90d" }));
    const { json } = await browser.visit((session) => session.idleEndsAt - world.clock.now());
    expect(json).toBe(30 * MINUTE);
    world.clock.move(30 * MINUTE);
    expect(await read(browser, "code")).toBe(null);
  });

  it("is as due in a copy that travels in a cookie", async () => {
    const world = new World();
    const sessions = createSessions<Untyped>({
      store: cookieCache(wrapped(world.memory, world.switch.intercept), { maxStaleness: "5m" }),
      keys: randomBytes(32),
      clock: world.clock,
    });
    const browser = new Browser(sessions as World["sessions"]);
    await browser.visit((session) => session.set("code", "1234", { expiresIn: "1m" }));
    world.switch.forget();
    expect(await read(browser, "code")).toBe("1234");
    world.clock.move(MINUTE);
    expect(await read(browser, "code")).toBe(null);
    expect(world.switch.count("load")).toBe(0);
  });

  it.each<[string, unknown]>([
    ["expiresIn", { expiresIn: "soon" }],
    ["expiresIn", { expiresIn: 0 }],
    ["expiresIn", { expiresIn: -1 }],
    ["expiresAt", { expiresAt: 1 }],
    ["must be an object", 600_000],
    ["must be an object", null],
  ])("is refused a time that is none: %s", async (problem, options) => {
    const world = new World();
    await world.browser().visit(async (session) => {
      const given = options as { expiresIn: Duration };
      expect(() => session.set("code", "1234", given)).toThrow(OptionsError);
      expect(() => session.set("code", "1234", given)).toThrow(problem);
      await expect(session.update("code", () => 1, given)).rejects.toThrow(problem);
      expect(session.has("code")).toBe(false);
    });
  });

  it("counts as data, with its key once more", async () => {
    const world = new World({ maxDataBytes: 1_000 });
    const browser = await world.returning();
    await browser.visit(async (session) => {
      for (let n = 0; n < 40; n += 1) session.set(`key${n}`, 1);
      await session.save();
      for (let n = 0; n < 40; n += 1) session.set(`key${n}`, 1, { expiresIn: "1m" });
      await expect(session.save()).rejects.toThrow(DataTooLargeError);
      session.clear();
    });
  });

  it("behaves as one that a model deletes in time, whatever requests do", async () => {
    const key = fc.constantFrom("a", "b");
    const minutes = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
    const act = fc.oneof(
      fc.record({ act: fc.constant("set" as const), key, minutes }),
      fc.record({ act: fc.constant("update" as const), key, minutes }),
      fc.record({
        act: fc.constantFrom("push", "delete", "consume", "regenerate", "signIn"),
        key,
      }),
      fc.record({ act: fc.constant("wait" as const), key }),
      fc.record({ act: fc.constantFrom("clear", "commit"), key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const world = new World();
        const browser = await world.returning();
        const model = new Model(world.clock);
        let rest = acts;
        while (rest.length > 0) {
          const ends = rest.findIndex((each) => each.act === "commit");
          const now = ends === -1 ? rest : rest.slice(0, ends + 1);
          rest = rest.slice(now.length);
          const { status } = await browser.visit(async (session) => {
            for (const step of now) {
              await model.step(session, step);
              expect(own(session)).toEqual(model.shown());
            }
          });
          expect(status).toBe(200);
          const { json } = await browser.visit(own);
          expect(json).toEqual(model.shown());
        }
      }),
      { numRuns: 150 },
    );
  });
});

interface Step {
  readonly act: string;
  readonly key: string;
  readonly minutes?: number | undefined;
}

const own = (session: Session<Untyped>): unknown => ({
  a: session.get("a") ?? null,
  b: session.get("b") ?? null,
});

/** What a plain map would hold from which somebody deletes what is due. */
class Model {
  readonly #clock: SetClock;
  readonly #values = new Map<string, { readonly list: number[]; readonly dueAt: number }>();
  #count = 0;

  constructor(clock: SetClock) {
    this.#clock = clock;
  }

  shown(): unknown {
    return { a: this.#at("a")?.list ?? null, b: this.#at("b")?.list ?? null };
  }

  async step(session: Session<Untyped>, { act, key, minutes }: Step): Promise<void> {
    this.#count += 1;
    const list = [this.#count];
    const options = minutes === undefined ? undefined : { expiresIn: minutes * MINUTE };
    const dueAt = minutes === undefined ? undefined : this.#clock.now() + minutes * MINUTE;
    const before = this.#at(key);
    switch (act) {
      case "set":
        session.set(key, [...list], options);
        this.#values.set(key, { list, dueAt: dueAt ?? Number.POSITIVE_INFINITY });
        return;
      case "update": {
        await session.update(key, (old: number[] = []) => [...old, ...list], options);
        const stays = before?.dueAt ?? Number.POSITIVE_INFINITY;
        this.#values.set(key, { list: [...(before?.list ?? []), ...list], dueAt: dueAt ?? stays });
        return;
      }
      case "push":
        session.get(key)?.push(...list);
        before?.list.push(...list);
        return;
      case "delete":
        session.delete(key);
        this.#values.delete(key);
        return;
      case "consume":
        expect((await session.consume(key)) ?? null).toEqual(before?.list ?? null);
        this.#values.delete(key);
        return;
      case "clear":
        session.clear();
        this.#values.clear();
        return;
      case "regenerate":
        return session.regenerate();
      case "signIn":
        return session.signIn("ada");
      case "wait":
        this.#clock.move(MINUTE);
    }
  }

  #at(key: string): { readonly list: number[]; readonly dueAt: number } | undefined {
    const value = this.#values.get(key);
    return value !== undefined && this.#clock.now() < value.dueAt ? value : undefined;
  }
}

describe("a record whose notes tell of times", () => {
  it.each(['{"k":7}', '{"k":{"code":"soon","x":null}}', '{"k":["code"]}', '{"x":"\\"k\\""}', "{"])(
    "that are none reads as one without: %s",
    async (notes) => {
      const world = new World();
      const browser = await world.returning({ code: "1234" });
      const record = (await world.stored(await world.idOf(browser))) as SessionRecord;
      const call = { now: world.clock.now(), signal: new AbortController().signal };
      await world.memory.update({ ...record, notes }, record.version, call);
      expect(await read(browser, "code")).toBe("1234");
      await browser.visit((session) => session.set("code", "5678", { expiresIn: "1m" }));
      world.clock.move(MINUTE);
      expect(await read(browser, "code")).toBe(null);
    },
  );
});
