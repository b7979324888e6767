import { randomBytes } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  ExclusiveError,
  type ExclusiveOptions,
  type JsonValue,
  type Lease,
  memoryStore,
  OptionsError,
  type Session,
  SessionEndedError,
  SessionError,
  type SessionRecord,
  type Untyped,
} from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { MINUTE, SetClock } from "./support/clock.ts";
import { type Gate, gate, quiet, times, World } from "./support/world.ts";
import { wrapped, yielding } from "./support/wrapped-store.ts";

type Held = Parameters<Parameters<Session<Untyped>["exclusive"]>[2]>[0];
type Work = (session: Held, lease: Lease) => unknown;

/** Of a lease that runs out while the test waits: a busy machine begins the work in it all the same. */
const BRIEF_MS = 400;

/** What is told of a failure, in place of the failure. */
const code = (error: unknown): unknown => {
  if (error instanceof ExclusiveError) return error.reason;
  return error instanceof SessionError ? error.code : String(error);
};

/** Does the work under the name `refresh`, with any result. */
function refresh(
  session: Session<Untyped>,
  work: Work,
  options: ExclusiveOptions = {},
): Promise<unknown> {
  return session.exclusive<JsonValue>("refresh", options, work as never).catch(code);
}

/** One request that does so. Resolves to what it comes to, and the key `n` afterwards. */
async function visit(browser: Browser, work: Work, options?: ExclusiveOptions): Promise<unknown> {
  const { json } = await browser.visit(async (session) => [
    (await refresh(session, work, options)) ?? "nothing",
    session.get("n") ?? 0,
  ]);
  return json;
}

/** Work that says when it has begun, and ends when it may. */
function held(result: (session: Held, lease: Lease) => unknown = () => "done"): {
  readonly work: Work;
  readonly begun: Gate;
  readonly end: Gate;
  readonly told: Pick<Lease, "previous" | "intent">[];
} {
  const begun = gate();
  const end = gate();
  const told: Pick<Lease, "previous" | "intent">[] = [];
  const work: Work = async (session, lease) => {
    told.push({ previous: lease.previous, intent: lease.intent });
    begun.open();
    await end.passed;
    return result(session, lease);
  };
  return { work, begun, end, told };
}

const never: Work = () => "should not have run";
const count: Work = async (session) => `run ${await session.update("n", (n = 0) => n + 1)}`;

describe("exclusive work", () => {
  it("is done once for fifty parallel requests of two processes, and all are told", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const other = world.process();
    let runs = 0;
    const work: Work = async (session) => {
      runs += 1;
      await new Promise(setImmediate);
      return count(session, {} as Lease);
    };
    const answers = await times(50, (n) =>
      visit(browser.copy(n % 2 === 0 ? world.sessions : other), work),
    );
    expect(runs).toBe(1);
    expect(answers).toEqual(Array.from({ length: 50 }, () => ["run 1", 1]));
  });

  it("is not done again by who has read the session before it was done", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { json } = await browser.copy().visit(async (session) => {
      await visit(browser.copy(world.process()), count);
      return [await refresh(session, never), session.get("n")];
    });
    expect(json).toEqual(["run 1", 1]);
  });

  it.each(["by itself", "by another process"])(
    "shows what was read before as it is stored, done %s, and keeps what was changed",
    async (whose) => {
      const world = new World();
      const browser = await world.signedIn();
      const renew: Work = (session) => session.set("tokens", { n: 2 });
      await browser.visit((session) => {
        session.set("tokens", { n: 1 });
        session.set("cart", { skus: ["tea"] });
      });
      const { json } = await browser.copy().visit(async (session) => {
        const [tokens, cart] = [session.get("tokens"), session.get("cart")];
        Object(cart).skus.push("cup");
        if (whose !== "by itself") await visit(browser.copy(world.process()), renew);
        await refresh(session, whose === "by itself" ? renew : never);
        return [tokens, session.get("tokens"), session.get("cart") === cart];
      });
      expect(json).toEqual([{ n: 1 }, { n: 2 }, true]);
      const { json: stored } = await browser.copy().visit((session) => session.get("cart"));
      expect(stored).toEqual({ skus: ["tea", "cup"] });
    },
  );

  it("is done again by who has read the session afterwards", async () => {
    const world = new World();
    const browser = await world.signedIn();
    expect(await visit(browser.copy(), count)).toEqual(["run 1", 1]);
    expect(await visit(browser.copy(), count)).toEqual(["run 2", 2]);
  });

  it("is done by each in turn where they say so", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const other = world.process();
    let atOnce = 0;
    let most = 0;
    const work: Work = async (session) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise(setImmediate);
      atOnce -= 1;
      return count(session, {} as Lease);
    };
    await times(6, (n) =>
      visit(browser.copy(n % 2 === 0 ? world.sessions : other), work, { runAnyway: true }),
    );
    expect(most).toBe(1);
    expect(await visit(browser, count)).toEqual(["run 7", 7]);
  });

  it("is done by each in turn where its result is no JSON, or longer than 4 KiB", async () => {
    for (const result of [() => 1, "x".repeat(4_095)]) {
      const world = new World();
      const browser = await world.signedIn();
      let runs = 0;
      const work: Work = async () => {
        runs += 1;
        await new Promise(setImmediate);
        return result;
      };
      await times(3, (n) => visit(browser.copy(n === 0 ? world.sessions : world.process()), work));
      expect(runs).toBe(3);
    }
  });

  it("may come to nothing, which others are told too", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end } = held(() => undefined);
    const first = visit(browser.copy(), work);
    await begun.passed;
    const waiting = [visit(browser.copy(), never), visit(browser.copy(world.process()), never)];
    end.open();
    expect(await Promise.all([first, ...waiting])).toEqual(times3(["nothing", 0]));
  });

  it("gives each a result of their own", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end } = held(() => ({ list: [1] }));
    const results: { list: number[] }[] = [];
    const take = (): Promise<unknown> =>
      browser.copy().visit(async (session) => {
        results.push((await refresh(session, work)) as { list: number[] });
      });
    const waiting = [take()];
    await begun.passed;
    waiting.push(take(), take());
    end.open();
    await Promise.all(waiting);
    results[0]?.list.push(2);
    expect(results.slice(1)).toEqual([{ list: [1] }, { list: [1] }]);
  });

  it("of another name goes its own way", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end } = held();
    const first = visit(browser.copy(), work);
    await begun.passed;
    const { json } = await browser
      .copy()
      .visit((session) => session.exclusive("charge", () => "charged"));
    expect(json).toBe("charged");
    end.open();
    expect(await first).toEqual(["done", 0]);
  });

  it("of another session goes its own way", async () => {
    const world = new World();
    const { work, begun, end } = held();
    const first = visit(await world.signedIn("ada"), work);
    await begun.passed;
    expect(await visit(await world.signedIn("bob"), () => "bob's")).toEqual(["bob's", 0]);
    end.open();
    await first;
  });

  it("keeps what others write meanwhile, and waits for no reader and no writer", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end } = held(async (session) => {
      session.set("token", "new");
      await session.update("n", (n = 0) => n + 1);
      session.delete("old");
    });
    await browser.visit((session) => session.set("old", 1));
    const first = visit(browser.copy(), work);
    await begun.passed;
    await times(5, () => browser.copy().visit((session) => session.update("n", (n = 0) => n + 1)));
    const seen = await browser.copy().visit((session) => [...session.entries()]);
    expect(seen.json).toEqual([
      ["old", 1],
      ["n", 5],
    ]);
    end.open();
    await first;
    const after = await browser.visit((session) => [...session.entries()]);
    expect(after.json).toEqual([
      ["n", 6],
      ["token", "new"],
    ]);
  });

  it("begins a session for a visitor who has none", async () => {
    const world = new World();
    const browser = world.browser();
    expect(await visit(browser, count)).toEqual(["run 1", 1]);
    expect(await visit(browser, count)).toEqual(["run 2", 2]);
  });

  it("reads its own changes, in place too, and none of a draft beside it", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { list: [1] });
    const { json } = await browser.visit(async (session) => {
      session.set("beside", 1);
      return session.exclusive("refresh", async (own) => {
        own.get("list").push(2);
        own.set("a", 1);
        await own.update("list", (list) => [...list, 3]);
        own.get("list").push(4);
        return [own.get("list"), own.has("beside"), own.get("a"), own.userId];
      });
    });
    expect(json).toEqual([[1, 2, 3, 4], false, 1, "ada"]);
    const after = await browser.visit((session) => [session.get("list"), session.get("beside")]);
    expect(after.json).toEqual([[1, 2, 3, 4], 1]);
  });
});

const times3 = <T>(value: T): T[] => [value, value, value];

describe("who is too late", () => {
  const overrun = async (browser: Browser, options: ExclusiveOptions): Promise<unknown> => {
    const outrun = gate();
    const work: Work = async (session, { signal, intend }) => {
      await intend("send the token");
      session.set("n", 99);
      signal.addEventListener("abort", () => outrun.open());
      await outrun.passed;
      session.set("n", 100);
    };
    return visit(browser, work, options);
  };

  it("is told by its signal and an error, and has changed nothing", async () => {
    const world = new World();
    const browser = await world.signedIn();
    expect(await overrun(browser.copy(), { lease: BRIEF_MS })).toEqual(["lost", 0]);
    expect((await browser.visit((session) => session.get("n") ?? 0)).json).toBe(0);
  });

  it("is refused where the process has slept, though nobody else has begun", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const work: Work = (session) => {
      const until = performance.now() + 40;
      while (performance.now() < until);
      session.set("n", 99);
    };
    expect(await visit(browser.copy(), work, { lease: 20 })).toEqual(["lost", 0]);
    expect((await browser.visit((session) => session.get("n") ?? 0)).json).toBe(0);
  });

  it("leaves the next one told that nobody knows, and of what was intended", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await overrun(browser.copy(), { lease: BRIEF_MS });
    const next = held();
    next.end.open();
    expect(await visit(browser.copy(world.process()), next.work)).toEqual(["done", 0]);
    expect(next.told).toEqual([{ previous: "unknown", intent: "send the token" }]);
    const last = held();
    last.end.open();
    await visit(browser, last.work);
    expect(last.told).toEqual([{ previous: undefined, intent: undefined }]);
  });

  it("is refused though its own clock stood still, where somebody else has taken over", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end } = held((session) => session.set("n", 99));
    const first = visit(browser.copy(), work, { lease: "1h" });
    await begun.passed;
    // As after the process has slept: the others have seen its lease run out.
    await rewritten(world, await world.idOf(browser), (notes) => {
      notes["x"].refresh.leaseMs = 20;
    });
    expect(await visit(browser.copy(world.process()), count)).toEqual(["run 1", 1]);
    end.open();
    expect(await first).toEqual(["lost", 0]);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
  });

  it("may not use what it was given any more", async () => {
    const world = new World();
    const browser = await world.signedIn();
    let kept: Held | undefined;
    let lease: Lease | undefined;
    await visit(browser, (session, own) => {
      kept = session;
      lease = own;
    });
    expect(() => kept?.set("n", 1)).toThrow(ExclusiveError);
    await expect(kept?.update("n", () => 1)).rejects.toThrow(ExclusiveError);
    await expect(lease?.intend(1)).rejects.toThrow(ExclusiveError);
  });

  it.each([-4 * MINUTE, 4 * MINUTE])(
    "is who has had its lease, by whatever clock: %d ms apart",
    async (apart) => {
      const clock = new SetClock();
      const world = new World({ clock });
      const ahead = new SetClock(clock.now() + apart);
      const browser = await world.signedIn();
      const { work, begun, end } = held();
      const first = visit(browser.copy(), work, { lease: "10s" });
      await begun.passed;
      const early = visit(browser.copy(world.process({ clock: ahead })), never, { wait: 150 });
      expect(await early).toEqual(["busy", 0]);
      end.open();
      expect(await first).toEqual(["done", 0]);
    },
  );

  it("is forgotten at once by who comes long after", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await overrun(browser.copy(), { lease: BRIEF_MS });
    await rewritten(world, await world.idOf(browser), (notes) => {
      notes["x"].refresh.leaseMs = 3_600_000;
    });
    world.clock.move(6 * MINUTE);
    expect(await visit(browser, count, { wait: "10s" })).toEqual(["run 1", 1]);
  });

  it("makes others wait no longer than they will", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end } = held();
    const first = visit(browser.copy(), work);
    await begun.passed;
    const options = { wait: 40 };
    const late = [
      visit(browser.copy(), never, options),
      visit(browser.copy(world.process()), never, options),
    ];
    expect(await Promise.all(late)).toEqual([
      ["busy", 0],
      ["busy", 0],
    ]);
    end.open();
    expect(await first).toEqual(["done", 0]);
  });
});

/** Writes what a process would that sees other times. */
async function rewritten(
  { memory, clock }: World,
  id: string,
  change: (notes: Untyped) => void,
): Promise<void> {
  const call = { now: clock.now(), signal: new AbortController().signal };
  const record = (await memory.load(id as never, call)) as SessionRecord;
  const notes = JSON.parse(record.notes ?? "{}");
  change(notes);
  const next = { ...record, notes: JSON.stringify(notes), version: "rewritten" as never };
  await memory.update(next, record.version, call);
}

/** The first answer of that kind that shows work done once waits on its way back. */
function holdBack(
  world: World,
  operation: "load" | "update",
): { readonly reached: Promise<void>; open(): void } {
  const [reached, door] = [gate(), gate()];
  let isHeld = false;
  world.switch.behave = async (made, send) => {
    const answer = await send();
    const shown: unknown = operation === "load" ? Object(answer).data : '{"n":1}';
    if (isHeld || made !== operation || shown !== '{"n":1}') return answer;
    isHeld = true;
    reached.open();
    await door.passed;
    return answer;
  };
  return { reached: reached.passed, open: door.open };
}

describe("work that meets what it did not expect", () => {
  it("gives nobody a result that is older than what they have read", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { json } = await browser.copy().visit(async (early) => {
      await visit(browser.copy(), count);
      const late = browser.copy().visit(async (session) => {
        const before = session.get("n");
        const doing = refresh(early, never);
        return [before, await refresh(session, count), await doing];
      });
      return (await late).json;
    });
    expect(json).toEqual([1, "run 2", "run 1"]);
  });

  it.each(["told of it", "who has done it"])(
    "gives nobody an older result that one of their process is late to learn, %s",
    async (whose) => {
      const world = new World();
      const browser = await world.signedIn();
      const { work, begun, end } = held(count);
      const isOwn = whose === "who has done it";
      const doing = visit(browser.copy(isOwn ? world.sessions : world.process()), work);
      await begun.passed;
      const early = isOwn ? doing : visit(browser.copy(), never);
      await quiet();
      const answer = holdBack(world, isOwn ? "update" : "load");
      end.open();
      await answer.reached;
      // Meanwhile somebody else does it again, and a visitor has seen that.
      expect(await visit(browser.copy(world.process()), count)).toEqual(["run 2", 2]);
      const late = browser.copy().visit(async (session) => {
        const before = session.get("n");
        return [before, await refresh(session, count), session.get("n")];
      });
      await quiet();
      answer.open();
      expect((await late).json).toEqual([2, "run 3", 3]);
      expect(await early).toEqual(["run 1", 1]);
    },
  );

  it("does not begin once its lease is over, as the store took that long", async () => {
    const world = new World();
    const browser = await world.signedIn();
    world.switch.behave = async (operation, send) => {
      const answer = await send();
      if (operation === "update") await new Promise((resume) => setTimeout(resume, 60));
      return answer;
    };
    let hasBegun = false;
    const work: Work = () => {
      hasBegun = true;
    };
    expect(await visit(browser, work, { lease: 30 })).toEqual(["lost", 0]);
    expect(hasBegun).toBe(false);
  });

  it("knows of a dead holder from who has waited for less than its lease", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await visit(browser.copy(), () => new Promise(() => undefined), { lease: BRIEF_MS });
    const told: unknown[] = [];
    for (let tries = 0; tries < 12 && told.at(-1) !== "run 1"; tries += 1) {
      const [result] = (await visit(browser.copy(), count, { wait: BRIEF_MS / 4 })) as unknown[];
      told.push(result);
    }
    expect(told.at(-1)).toBe("run 1");
    expect(told.length).toBeGreaterThan(1);
  });

  it("leaves another session alone that its request goes on with", async () => {
    for (const goOn of [
      (session: Session<Untyped>) => session.signIn("bob"),
      (session: Session<Untyped>) => session.signOut({ keep: ["seen"] }),
    ]) {
      const world = new World();
      const browser = await world.signedIn("ada", { seen: 1 });
      const other = held();
      const first = visit(browser.copy(), other.work);
      await other.begun.passed;
      const { json, status } = await browser.copy(world.process()).visit(async (session) => {
        const waiting = refresh(session, (inside) => inside.set("n", 99));
        await goOn(session);
        session.set("flag", 1);
        other.end.open();
        return [await waiting, session.get("n") ?? 0, session.get("flag"), session.isEnded];
      });
      expect(json).toEqual(["ERR_SESSION_ENDED", 0, 1, false]);
      expect(status).toBe(200);
      await first;
    }
  });

  it("has no use for a result of half an hour ago", async () => {
    const world = new World({ idleTimeout: "2h" });
    const browser = await world.signedIn();
    const { json } = await browser.copy().visit(async (session) => {
      await visit(browser.copy(world.process()), count);
      world.clock.move(30 * MINUTE);
      return refresh(session, count);
    });
    expect(json).toBe("run 2");
  });

  it("is told of a doubt where a value was taken along, and what was begun with it", async () => {
    for (const goOn of [
      (session: Session<Untyped>) => session.signIn("ada", { keep: ["token"] }),
      (session: Session<Untyped>) => session.signOut({ keep: ["token"] }),
    ]) {
      const world = new World();
      const browser = await world.signedIn("ada", { token: "once" });
      const dying: Work = async (_session, { intend }) => {
        await intend("send once");
        await new Promise(() => undefined);
      };
      await visit(browser.copy(), dying, { lease: BRIEF_MS });
      await browser.visit(goOn);
      const next = held();
      next.end.open();
      await visit(browser, next.work);
      expect(next.told).toEqual([{ previous: "unknown", intent: "send once" }]);
    }
  });

  it("takes no change that comes when it is done", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const late = gate();
    let refused: unknown;
    world.switch.behave = async (operation, send) => {
      const answer = await send();
      if (operation === "update") late.open();
      return answer;
    };
    await visit(browser, (session) => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => undefined)
        .then(() => late.passed)
        .then(() => session.set("n", 1))
        .catch((error: unknown) => {
          refused = error;
        });
    });
    await vi.waitUntil(() => refused !== undefined, { timeout: 20_000 });
    expect(refused).toBeInstanceOf(SessionError);
  });
});

describe("work that throws", () => {
  it("changes nothing, and lets the next one begin, who is told of it", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { work, begun, end, told } = held(async (session, { previous }) => {
      if (previous === undefined) throw new Error("the provider is down");
      return count(session, {} as Lease);
    });
    const first = visit(browser.copy(), async (session, lease) => {
      session.set("n", 99);
      await lease.intend({ send: "token" });
      return work(session, lease);
    });
    await begun.passed;
    const next = visit(browser.copy(world.process()), work);
    end.open();
    expect(await first).toEqual(["Error: the provider is down", 0]);
    expect(await next).toEqual(["run 1", 1]);
    expect(told[1]).toEqual({ previous: "failed", intent: { send: "token" } });
  });

  it("leaves unknown what was unknown before it", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await visit(browser.copy(), () => new Promise(() => undefined), { lease: BRIEF_MS });
    await visit(browser.copy(), () => Promise.reject(new Error("down")));
    const next = held();
    next.end.open();
    await visit(browser, next.work);
    expect(next.told).toEqual([{ previous: "unknown", intent: undefined }]);
  });

  it("counts as that where its changes cannot be stored", async () => {
    const world = new World({ maxDataBytes: 100 });
    const browser = await world.signedIn();
    const large: Work = (session) => session.set("large", "x".repeat(200));
    expect(await visit(browser.copy(), large)).toEqual(["ERR_SESSION_DATA_SIZE", 0]);
    const next = held();
    next.end.open();
    await visit(browser, next.work);
    expect(next.told[0]?.previous).toBe("failed");
  });

  it("does not end others that are committed with it", async () => {
    const world = new World({ maxDataBytes: 100 });
    const browser = await world.signedIn();
    const large: Work = (session) => session.set("large", "x".repeat(200));
    await Promise.all([
      visit(browser.copy(), large),
      ...Array.from({ length: 10 }, () =>
        browser.copy().visit((session) => session.update("n", (n = 0) => n + 1)),
      ),
    ]);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(10);
  });
});

describe("the end of the session during the work", () => {
  const ENDINGS = {
    "a sign-out": (browser: Browser) => browser.visit((session) => session.signOut()),
    "a revokeAll": (browser: Browser) => browser.sessions.revokeAll({ userId: "ada" }),
    "a new token": (browser: Browser) => browser.visit((session) => session.regenerate()),
    "another user's sign-in": (browser: Browser) =>
      browser.visit((session) => session.signIn("bob")),
  };

  it.each(Object.entries(ENDINGS))("%s keeps its law", async (_name, end) => {
    const world = new World();
    const browser = await world.signedIn();
    const work = held((session) => session.set("n", 99));
    const first = visit(browser.copy(), work.work);
    await work.begun.passed;
    const waiting = [visit(browser.copy(), never), visit(browser.copy(world.process()), never)];
    await end(browser);
    work.end.open();
    const told = await Promise.all([first, ...waiting]);
    expect(told).toEqual(times3(["ERR_SESSION_ENDED", 0]));
    expect((await browser.visit((session) => session.get("n") ?? 0)).json).toBe(0);
  });

  it("leaves the next one told, where the session goes on under a new token", async () => {
    for (const goOn of [
      (session: Session<Untyped>) => session.regenerate(),
      (session: Session<Untyped>) => session.signIn("ada"),
    ]) {
      const world = new World();
      const browser = await world.signedIn();
      const work = held();
      const first = visit(browser.copy(), work.work, { lease: BRIEF_MS });
      await work.begun.passed;
      await browser.visit(goOn);
      work.end.open();
      await first;
      const next = held();
      next.end.open();
      expect(await visit(browser, next.work)).toEqual(["done", 0]);
      expect(next.told[0]?.previous).toBe("unknown");
    }
  });

  it("tells another user nothing", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const work = held();
    const first = visit(browser.copy(), work.work);
    await work.begun.passed;
    await browser.visit((session) => session.signIn("bob"));
    work.end.open();
    await first;
    const next = held();
    next.end.open();
    await visit(browser, next.work);
    expect(next.told).toEqual([{ previous: undefined, intent: undefined }]);
  });
});

describe("what cannot be had", () => {
  it("is refused over the cookie store", async () => {
    const revocations = "none: a copied cookie works until it expires, signed out or not";
    const sessions = createSessions<Untyped>({
      keys: randomBytes(32),
      store: cookieStore({ revocations }),
    });
    expect(await visit(new Browser(sessions), never)).toEqual(["ERR_SESSION_OPTIONS", 0]);
  });

  it("is not a copy of the session in a cookie: the store is asked", async () => {
    const store = memoryStore();
    const cached = (): Browser["sessions"] =>
      createSessions<Untyped>({
        keys: KEY,
        store: cookieCache(wrapped(store, yielding), { maxStaleness: "30s" }),
      });
    const browser = new Browser(cached());
    await browser.visit((session) => session.signIn("ada"));
    const { work, begun, end } = held((session) => session.set("n", 7));
    const first = visit(browser.copy(), work);
    await begun.passed;
    const other = visit(browser.copy(cached()), never);
    end.open();
    expect(await Promise.all([first, other])).toEqual([
      ["nothing", 7],
      ["nothing", 7],
    ]);
  });

  it.each([
    ["a name that is none", "", {}],
    ["a name that is too long", "x".repeat(101), {}],
    ["a lease of a day", "refresh", { lease: "24h" }],
    ["no duration", "refresh", { wait: "soon" }],
    ["a wait of a month", "refresh", { wait: "30d" }],
    ["a misspelt option", "refresh", { leases: 1 }],
    ["a flag that is none", "refresh", { runAnyway: "no" }],
  ])("%s is refused", async (_what, name, options) => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      const doing = session.exclusive(name, options as never, () => 1);
      await expect(doing).rejects.toThrow(OptionsError);
    });
  });

  it("__proto__ is no name", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { json } = await browser.visit((session) =>
      session.exclusive("__proto__", () => 1).catch(code),
    );
    expect(json).toBe("ERR_SESSION_CODEC");
    const { json: built } = await browser.visit((session) =>
      session.exclusive("constructor", () => 2),
    );
    expect(built).toBe(2);
  });

  it.each(["signIn", "signOut", "regenerate", "destroy", "save", "consume", "flash", "clear"])(
    "session.%s is none of the work's",
    async (method) => {
      const world = new World();
      const browser = await world.signedIn();
      const work: Work = (session) => (session as Untyped)[method]("ada");
      expect(await visit(browser, work)).toEqual(["ERR_SESSION_OPTIONS", 0]);
      expect(await visit(browser, count)).toEqual(["run 1", 1]);
    },
  );

  it("an intent that is too long, or no JSON, is refused", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const intending = (intent: unknown): Promise<unknown> =>
      visit(browser, (_session, { intend }) => intend(intent as JsonValue));
    expect(await intending("x".repeat(4_095))).toEqual(["ERR_SESSION_OPTIONS", 0]);
    expect(await intending(new Date())).toEqual(["ERR_SESSION_CODEC", 0]);
  });

  it("a prefetch does nothing", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { json } = await browser.visit((session) => refresh(session, never), {
      headers: { "sec-purpose": "prefetch" },
    });
    expect(json).toBe("ERR_SESSION_PREFETCH");
  });

  it("a session that has ended has none", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const late = browser.copy();
    await browser.visit((session) => session.signOut());
    const { json } = await late.visit((session) => refresh(session, never));
    expect(json).toBe(new SessionEndedError("").code);
  });
});

describe("who waits where the store announces what ends", () => {
  const processOver = (world: World): Browser["sessions"] => {
    const store = {
      ...wrapped(world.memory, world.switch.intercept),
      announcements: world.memory.announcements,
    };
    return createSessions<Untyped>({ store, clock: world.clock });
  };

  /** One that works, and one of another process that has hung up its bell, and looked once more. */
  const atTheBell = async (
    world: World,
    browser: Browser,
  ): Promise<Record<"first" | "waiting", Promise<unknown>> & { readonly end: Gate }> => {
    const { work, begun, end } = held();
    const first = visit(browser.copy(processOver(world)), work);
    await begun.passed;
    world.switch.forget();
    const waiting = visit(browser.copy(processOver(world)), never);
    await vi.waitUntil(() => world.switch.calls.lastIndexOf("load") > bell(world), {
      timeout: 20_000,
    });
    return { first, waiting, end };
  };

  it("is awakened by the holder, and leaves nothing behind", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { first, waiting, end } = await atTheBell(world, browser);
    const looks = world.switch.count("load");
    end.open();
    expect(await Promise.all([first, waiting])).toEqual([
      ["done", 0],
      ["done", 0],
    ]);
    expect(world.switch.count("create")).toBe(1);
    expect(world.switch.count("end")).toBe(1);
    expect(world.switch.count("load")).toBe(looks + 1);
    const call = { now: world.clock.now(), signal: new AbortController().signal };
    expect(await world.memory.directory.count("session:bell", call)).toBe(0);
  });

  it("hears of the end of the session, too", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { first, waiting, end } = await atTheBell(world, browser);
    await browser.visit((session) => session.signOut());
    expect(await waiting).toEqual(["ERR_SESSION_ENDED", 0]);
    end.open();
    await first;
  });

  it("tells no onlooker of it", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const heard: unknown[] = [];
    const onlooker = await processOver(world).onEnded((event) => heard.push(event));
    const { first, waiting, end } = await atTheBell(world, browser);
    end.open();
    await Promise.all([first, waiting]);
    const id = await world.idOf(browser);
    await browser.visit((session) => session.signOut());
    await vi.waitUntil(() => heard.length > 0, { timeout: 20_000 });
    expect(heard).toEqual([{ kind: "ended", ids: [id], userId: undefined, reason: "unknown" }]);
    await onlooker.close();
  });
});

/** When a bell was hung up, as a place in the calls of the store; never yet, beyond all of them. */
function bell({ switch: { calls } }: World): number {
  return calls.includes("create") ? calls.indexOf("create") : calls.length;
}

describe("what is noted of it", () => {
  it("does not grow with the names", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      for (let n = 0; n < 60; n += 1) await session.exclusive(`charge ${n}`, () => n);
    });
    const stored = (await world.stored(await world.idOf(browser))) as SessionRecord;
    expect(Object.keys(JSON.parse(stored.notes ?? "{}")["x"])).toHaveLength(32);
  });

  it("is gone some time after it was done", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit((session) => session.exclusive("charge", () => "a receipt"));
    world.clock.move(11 * MINUTE);
    await browser.visit((session) => session.exclusive("refresh", () => undefined));
    const stored = (await world.stored(await world.idOf(browser))) as SessionRecord;
    expect(stored.notes).not.toContain("receipt");
  });

  it("makes room for others among those that failed, and leave no doubt", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      for (let n = 0; n < 40; n += 1) {
        await session.exclusive(`charge ${n}`, () => Promise.reject(new Error())).catch(() => 0);
      }
    });
    expect(await visit(browser, count)).toEqual(["run 1", 1]);
  });

  it("forgets none that is in doubt to make room for another", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      for (let n = 0; n < 32; n += 1) {
        const work = async (_session: Held, { intend }: Lease): Promise<void> => {
          await intend(n);
          throw new Error();
        };
        await session.exclusive(`charge ${n}`, work).catch(() => 0);
      }
    });
    expect(await visit(browser, count)).toEqual(["busy", 0]);
  });

  it("costs two calls of the store where nobody waits", async () => {
    const world = new World();
    const browser = await world.signedIn();
    world.switch.forget();
    await visit(browser, count);
    expect(world.switch.calls).toEqual(["load", "update", "update"]);
  });
});

const KEY = randomBytes(32);
