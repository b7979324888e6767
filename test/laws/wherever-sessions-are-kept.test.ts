import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ExclusiveError,
  type Session,
  SessionError,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import type { Ability } from "./support/abilities.ts";
import { Browser, type Handler } from "./support/browser.ts";
import { MINUTE, SetClock } from "./support/clock.ts";
import { places } from "./support/everywhere.ts";
import { gate, times } from "./support/world.ts";

const PLACES = places();
beforeAll(() => PLACES.start());
afterAll(() => PLACES.stop());

type Place = (typeof PLACES.all)[number];

interface Visitor {
  readonly clock: SetClock;
  readonly here: Browser;
  /** The same visitor at another process, with the cookies of this moment. */
  there(): Browser;
  readonly heard: string[];
}

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

const dataOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => Object.fromEntries(session.entries()))).json;

async function visitorAt(place: Place, options: Record<string, unknown> = {}): Promise<Visitor> {
  const clock = new SetClock(Date.now());
  const [one, other] = await place.open(clock, options);
  const here = new Browser(one);
  const heard: string[] = [];
  for (const name of ["conflict", "lateWrite", "expired"] as const) {
    for (const sessions of [one, other]) sessions.on(name, () => void heard.push(name));
  }
  return { clock, here, there: () => here.copy(other), heard };
}

async function signedInAt(place: Place, options?: Record<string, unknown>): Promise<Visitor> {
  const visitor = await visitorAt(place, options);
  await visitor.here.visit(async (session) => {
    await session.signIn("ada");
    session.set("n", 0);
  });
  return visitor;
}

describe.each(PLACES.where("merges parallel writes"))("no update is lost, $name", (place) => {
  it("counts exactly over two processes whose writes collide", async () => {
    const { here, there } = await signedInAt(place);
    const answers = await times(12, (n) =>
      (n % 2 === 0 ? here.copy() : there()).visit((session) => session.update("n", (k) => k + 1)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    const numbers = answers.map(({ json }) => Number(json)).toSorted((one, two) => one - two);
    expect(numbers).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(await dataOf(there())).toEqual({ n: 12 });
  });

  it("does again what it did to what came between", async () => {
    const { here, there, heard } = await signedInAt(place);
    const { status } = await here.visit(async (session) => {
      session.set("ours", 1);
      await session.update("n", (n) => n + 1);
      await there().visit((theirs) => {
        theirs.set("theirs", 2);
        theirs.set("n", 5);
      });
      session.flash("info", "done");
    });
    expect([status, heard]).toEqual([200, ["conflict"]]);
    expect(await dataOf(there())).toEqual({ n: 5, ours: 1, theirs: 2 });
    expect((await here.visit((session) => session.take("info"))).json).toBe("done");
  });

  it("keeps every key of parallel requests, and both messages", async () => {
    const { here, there } = await signedInAt(place);
    await times(12, (n) =>
      (n % 2 === 0 ? here.copy() : there()).visit((session) => {
        session.set(`key${n}`, n);
        if (n < 2) session.flash(["info", "success"][n] ?? "", `message ${n}`);
      }),
    );
    const keys = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`key${n}`, n]));
    expect(await dataOf(there())).toEqual({ n: 0, ...keys });
    const { json } = await here.visit((session) => [session.take("info"), session.take("success")]);
    expect(json).toEqual(["message 0", "message 1"]);
  });

  it("hands a value to one of two processes that consume it", async () => {
    const { here, there } = await signedInAt(place);
    await here.visit((session) => session.set("code", "1234"));
    const answers = await times(6, (n) =>
      (n % 2 === 0 ? here.copy() : there()).visit(
        async (session) => (await session.consume("code")) ?? null,
      ),
    );
    expect(answers.map(({ json }) => json).filter((code) => code !== null)).toEqual(["1234"]);
  });
});

const ENDS: readonly (readonly [string, (session: Session<Untyped>) => Promise<void>])[] = [
  ["signed out", (session) => session.signOut()],
  ["signed out but for a key", (session) => session.signOut({ keep: ["theme"] })],
  ["destroyed", (session) => session.destroy()],
  ["given a new key", (session) => session.regenerate()],
  ["signed in to as another user", (session) => session.signIn("eve")],
];

describe.each(PLACES.where("ends for good"))("what ended stays dead, $name", (place) => {
  it.each(ENDS)("for who has kept the cookie of a session that was %s", async (_what, end) => {
    const { clock, here, there } = await signedInAt(place);
    const [stale, elsewhere] = [here.copy(), there()];
    await here.visit(end);
    clock.move(MINUTE);
    expect([await userOf(stale), await userOf(elsewhere)]).toEqual([null, null]);
    expect([await dataOf(stale), await dataOf(elsewhere)]).toEqual([{}, {}]);
  });

  it.each(ENDS)("and takes no late write when it was %s", async (_what, end) => {
    const { clock, here, there, heard } = await signedInAt(place);
    const [opened, ended] = [gate(), gate()];
    const slow = there();
    const [before] = slow.jar;
    const late = slow.visit(async (session) => {
      session.get("n");
      opened.open();
      await ended.passed;
      session.set("late", 1);
    });
    await opened.passed;
    await here.visit(end);
    const after = await dataOf(here);
    ended.open();
    expect(await late).toMatchObject({ status: 409, cookies: [] });
    expect(heard).toContain("lateWrite");
    clock.move(MINUTE);
    const [stale] = [new Browser(here.sessions, before && [before])];
    expect([await userOf(stale), await dataOf(stale)]).toEqual([null, {}]);
    expect(await dataOf(here)).toEqual(after);
  });
});

describe.each(PLACES.where("tells late requests"))("a session that ended, $name", (place) => {
  it("is told to who comes with its cookie, who is not taken for a new visitor", async () => {
    const { here, there } = await signedInAt(place);
    const stale = there();
    await here.visit((session) => session.signOut());
    expect((await stale.visit((session) => session.isEnded)).json).toBe(true);
  });
});

describe.each(PLACES.all)("a sign-in, $name", (place) => {
  it("gives another key, and keeps what the visitor had", async () => {
    const { here, there } = await visitorAt(place);
    await here.visit((session) => session.set("cart", ["tea"]));
    const before = [...here.jar.values()];
    const { json: id } = await here.copy().visit((session) => session.id);
    await here.visit((session) => session.signIn("ada"));
    expect([...here.jar.keys()]).toHaveLength(1);
    expect([...here.jar.values()]).not.toEqual(before);
    expect((await here.copy().visit((session) => session.id)).json).not.toBe(id);
    expect([await userOf(there()), await dataOf(there())]).toEqual(["ada", { cart: ["tea"] }]);
  });

  it.each([
    ["all", { a: 1, pending: 2 }],
    ["none", {}],
    [["a", "absent"], { a: 1 }],
  ])("keeps %j where it is told so", async (keep, expected) => {
    const { here, there } = await visitorAt(place);
    await here.visit((session) => session.set("a", 1));
    await here.visit(async (session) => {
      session.set("pending", 2);
      await session.signIn("ada", { keep: keep as never });
    });
    expect(await dataOf(there())).toEqual(expected);
  });

  it("shows another user nothing of the first one", async () => {
    const { here, there } = await signedInAt(place);
    await here.visit((session) => session.flash("info", "for ada"));
    await here.visit((session) => session.signIn("eve"));
    expect([await userOf(there()), await dataOf(there())]).toEqual(["eve", {}]);
    expect((await here.visit((session) => session.take("info") ?? null)).json).toBeNull();
  });

  it("is known by its moment, and is fresh", async () => {
    const { clock, here, there } = await signedInAt(place);
    clock.move(5 * MINUTE);
    const { json } = await there().visit((session) => [
      session.authenticatedAt,
      session.isFresh("6m"),
      session.isFresh("4m"),
    ]);
    expect(json).toEqual([clock.now() - 5 * MINUTE, true, false]);
    await here.visit((session) => session.signOut());
    expect((await here.visit((session) => session.authenticatedAt ?? null)).json).toBeNull();
  });
});

describe.each(PLACES.all)("a sign-out, $name", (place) => {
  it("clears the cookie, and leaves a new visitor", async () => {
    const { here } = await signedInAt(place);
    const { cookies } = await here.visit((session) => session.signOut());
    expect(cookies).toEqual([expect.stringMatching(/^[^=]+=;.*Max-Age=0/)]);
    expect(here.jar.size).toBe(0);
    expect([await userOf(here), await dataOf(here)]).toEqual([null, {}]);
  });

  it("keeps the chosen keys for a visitor who is nobody", async () => {
    const { here, there } = await signedInAt(place);
    await here.visit((session) => session.set("theme", "dark"));
    await here.visit((session) => session.signOut({ keep: ["theme"] }));
    expect([await userOf(there()), await dataOf(there())]).toEqual([null, { theme: "dark" }]);
  });
});

describe.each(PLACES.all)("reading, $name", (place) => {
  it("sends nothing, and undoes nothing that was written meanwhile", async () => {
    const { here, there } = await signedInAt(place);
    const cookies = [...here.jar];
    const { json, cookies: sent } = await there().visit(async (session) => {
      const seen = [session.get("n"), session.has("m"), session.userId, session.take("info")];
      await here.copy().visit((theirs) => theirs.set("m", 1));
      return [...seen, ...session.entries()];
    });
    expect(json).toEqual([0, false, "ada", null, ["n", 0]]);
    expect(sent).toEqual([]);
    expect([...here.jar]).toEqual(cookies);
  });

  it("gives a visitor who stores nothing no cookie", async () => {
    const { here } = await visitorAt(place, { defaults: { theme: "light" } });
    const answer = await here.visit((session) => {
      session.set("theme", "light");
      session.set("other", 1);
      session.delete("other");
      return [session.isNew, session.get("theme")];
    });
    expect([answer.json, answer.cookies]).toEqual([[true, "light"], []]);
  });

  it("drops what was changed where the answer fails", async () => {
    const { here, there } = await signedInAt(place);
    const { cookies } = await here.visit((session) => session.set("n", 1), { status: 500 });
    expect([cookies, await dataOf(there())]).toEqual([[], { n: 0 }]);
  });
});

describe.each(PLACES.all)("messages, $name", (place) => {
  it("are shown once, by another process too, in their order", async () => {
    const { here, there } = await signedInAt(place);
    await here.visit((session) => {
      session.flash("info", "one");
      session.flash("info", "two");
      session.flash("error", "three");
    });
    const reader = there();
    const { json } = await reader.visit((session) => session.takeAll("info"));
    expect(json).toEqual(["one", "two"]);
    const { json: rest } = await reader.visit((session) => [
      session.takeAll("info"),
      session.takeAll("error"),
    ]);
    expect(rest).toEqual([[], ["three"]]);
  });
});

/** In seconds: how much of a record's time is over Redis says by its own clock, which goes on. */
async function leftTo(browser: Browser, clock: SetClock): Promise<number> {
  const { json } = await browser.visit((session) => session.endsAt - clock.now());
  return Math.round(Number(json) / 10_000) * 10;
}

describe.each(PLACES.all)("an absolute timeout, $name", (place) => {
  it("ends a session that is used all the time, here and elsewhere", async () => {
    const { clock, here, there } = await signedInAt(place, { absoluteTimeout: "1h" });
    for (let passed = 0; passed < 50 * MINUTE; passed += 10 * MINUTE) {
      clock.move(10 * MINUTE);
      await here.visit((session) => session.update("n", (n) => n + 1));
    }
    clock.move(10 * MINUTE - 1);
    expect(await userOf(there())).toBe("ada");
    clock.move(1);
    expect([await userOf(there()), await userOf(here.copy())]).toEqual([null, null]);
  });

  it("is not moved by a new key, and is by a sign-in", async () => {
    const { clock, here, there } = await signedInAt(place, { absoluteTimeout: "1h" });
    clock.move(20 * MINUTE);
    await here.visit((session) => session.regenerate());
    expect(await leftTo(there(), clock)).toBe(40 * 60);
    await here.visit((session) => session.signIn("ada"));
    expect(await leftTo(there(), clock)).toBe(60 * 60);
  });

  it("may be shorter for one sign-in", async () => {
    const { clock, here, there } = await visitorAt(place);
    await here.visit((session) => session.signIn("ada", { absoluteTimeout: "15m" }));
    clock.move(15 * MINUTE - 1);
    expect(await userOf(there())).toBe("ada");
    clock.move(1);
    expect(await userOf(there())).toBeNull();
  });
});

const code = (error: unknown): unknown => {
  if (error instanceof ExclusiveError) return error.reason;
  return error instanceof SessionError ? error.code : String(error);
};

describe.each(PLACES.where("does exclusive work"))("exclusive work, $name", (place) => {
  it("is done once for parallel requests of two processes, and all are told", async () => {
    const { here, there } = await signedInAt(place);
    const allHaveRead = gate();
    let [readers, runs] = [0, 0];
    const answers = await times(8, (n) =>
      (n % 2 === 0 ? here.copy() : there()).visit(async (session) => {
        readers += 1;
        if (readers === 8) allHaveRead.open();
        await allHaveRead.passed;
        return session.exclusive("refresh", async (own) => {
          runs += 1;
          return `run ${await own.update("n", (n) => n + 1)}`;
        });
      }),
    );
    expect(answers.map(({ json }) => json)).toEqual(Array(8).fill("run 1"));
    expect([runs, await dataOf(there())]).toEqual([1, { n: 1 }]);
  });

  it("keeps its lease, and what others write meanwhile", async () => {
    const { here, there } = await signedInAt(place);
    const [begun, end] = [gate(), gate()];
    const first = here.copy().visit((session) =>
      session.exclusive("refresh", async (own) => {
        begun.open();
        await end.passed;
        own.set("token", "new");
      }),
    );
    await begun.passed;
    await times(4, () => there().visit((session) => session.update("n", (n) => n + 1)));
    const { json } = await there().visit((session) =>
      session.exclusive("refresh", { wait: "1ms" }, () => "should not have run").catch(code),
    );
    expect(json).toBe("busy");
    end.open();
    expect((await first).status).toBe(200);
    expect(await dataOf(there())).toEqual({ n: 4, token: "new" });
  });

  it("tells the next one of an end that nobody knows, and of what was intended", async () => {
    const { clock, here, there } = await signedInAt(place);
    const [begun, end] = [gate(), gate()];
    const first = here.copy().visit((session) =>
      session
        .exclusive("charge", async (_own, { intend }) => {
          await intend({ amount: 7 });
          begun.open();
          await end.passed;
        })
        .catch(code),
    );
    await begun.passed;
    clock.move(5 * MINUTE);
    const { json } = await there().visit((session) =>
      session.exclusive("charge", (_own, { previous = null, intent = null }) => [previous, intent]),
    );
    end.open();
    await first;
    expect(json).toEqual(["unknown", { amount: 7 }]);
  });
});

/** What the one who asks for it is told. */
const ATTEMPTS: Partial<Record<Ability, (sessions: Sessions<Untyped>) => Promise<unknown>>> = {
  "finds by user": (sessions) => sessions.list({ userId: "ada" }),
  "does exclusive work": (sessions) =>
    inRequest(sessions, (session) => session.exclusive("refresh", () => 1)),
  "hands off": (sessions) =>
    inRequest(sessions, (_session, request) =>
      sessions.expectHandOff(request, { audience: "https://shop.example" }),
    ),
};

/** Does so in a request, and throws what it throws. */
async function inRequest(sessions: Sessions<Untyped>, act: Handler): Promise<unknown> {
  let outcome: Promise<unknown> = Promise.resolve();
  await new Browser(sessions).visit(async (session, request) => {
    outcome = (async () => act(session, request))();
    await outcome.catch(() => undefined);
  });
  return outcome;
}

describe.each(PLACES.all.filter(({ lacks }) => Object.keys(lacks).length > 0))(
  "what cannot be had $name",
  (place) => {
    it.each(Object.entries(place.lacks))("is said by its profile: %s", async (_ability, words) => {
      const caveats = await place.caveats();
      expect(caveats.filter((caveat) => caveat.includes(words))).toHaveLength(1);
    });

    it.each(Object.keys(ATTEMPTS).filter((ability) => ability in place.lacks))(
      "is refused by name: %s",
      async (ability) => {
        const [sessions] = await place.open(new SetClock(Date.now()));
        await expect(ATTEMPTS[ability as Ability]?.(sessions)).rejects.toThrow(SessionError);
      },
    );
  },
);
