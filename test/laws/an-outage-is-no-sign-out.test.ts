import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Session, StoreError, type StoreOutcome, type Untyped } from "../../src/index.ts";
import type { Browser } from "./support/browser.ts";
import { MINUTE } from "./support/clock.ts";
import { gate, quiet, times, World } from "./support/world.ts";
import type { Intercept, Operation } from "./support/wrapped-store.ts";

const healthy: Intercept = (_operation, send) => send();
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** How the answer of one call is lost, though the call arrives. */
const LOSSES: Record<string, (send: () => Promise<unknown>) => Promise<unknown>> = {
  "rejects after the write": (send) => send().then(() => Promise.reject(new Error("reset"))),
  "hangs after the write": (send) => send().then(() => never()),
  "rejects before the write": () => Promise.reject(new Error("reset")),
};

/** Loses the answer of the `index`th call of its kind from now on. */
function losing(operation: Operation, index: number, loss: string): Intercept {
  let calls = 0;
  return async (called, send) => {
    if (called !== operation) return send();
    calls += 1;
    if (calls !== index) return send();
    return (await LOSSES[loss]?.(send)) as never;
  };
}

interface Deed {
  readonly name: string;
  readonly isNewVisitor?: boolean;
  act(session: Session<Untyped>): Promise<unknown>;
  /** What the visitor has if it took effect, and if it did not. */
  readonly done: unknown;
  readonly undone: unknown;
}

const facts = (session: Session<Untyped>): unknown => [
  session.userId ?? null,
  session.get("n") ?? 0,
];

const DEEDS: readonly Deed[] = [
  {
    name: "update",
    act: (session) => session.update("n", (n = 0) => n + 1),
    done: ["ada", 2],
    undone: ["ada", 1],
  },
  {
    name: "set",
    act: async (session) => session.set("n", 2),
    done: ["ada", 2],
    undone: ["ada", 1],
  },
  {
    name: "consume",
    act: (session) => session.consume("n"),
    done: ["ada", 0],
    undone: ["ada", 1],
  },
  {
    name: "update of a new visitor",
    isNewVisitor: true,
    act: (session) => session.update("n", (n = 0) => n + 1),
    done: [null, 1],
    undone: [null, 0],
  },
  {
    name: "regenerate",
    act: (session) => session.regenerate(),
    done: ["ada", 1],
    undone: ["ada", 1],
  },
  {
    name: "signIn again",
    act: (session) => session.signIn("ada"),
    done: ["ada", 1],
    undone: ["ada", 1],
  },
  {
    name: "signIn of a new visitor",
    isNewVisitor: true,
    act: (session) => session.signIn("ada"),
    done: ["ada", 0],
    undone: [null, 0],
  },
  {
    name: "signOut",
    act: (session) => session.signOut(),
    done: [null, 0],
    undone: ["ada", 1],
  },
  {
    name: "destroy",
    act: (session) => session.destroy(),
    done: [null, 0],
    undone: ["ada", 1],
  },
];

const OPERATIONS: readonly Operation[] = ["load", "create", "update", "end", "generation"];

const CASES = DEEDS.flatMap((deed) =>
  OPERATIONS.flatMap((operation) =>
    [1, 2, 3].flatMap((index) =>
      Object.keys(LOSSES).map((loss) => ({ deed, operation, index, loss, name: deed.name })),
    ),
  ),
);

async function start({ isNewVisitor }: Deed): Promise<{ world: World; browser: Browser }> {
  const world = new World({ storeTimeout: 100 });
  const browser = isNewVisitor ? world.browser() : await world.signedIn("ada", { n: 1 });
  return { world, browser };
}

describe("an answer that is lost", () => {
  // All at once: most of them only wait for their deadline.
  it.concurrent.each(CASES)("$name, where $operation number $index $loss", async (one) => {
    const { deed, operation, index, loss } = one;
    const { world, browser } = await start(deed);
    world.switch.behave = losing(operation, index, loss);
    const answer = await browser.visit(deed.act);
    world.switch.behave = healthy;
    await quiet();
    const { json, status } = await browser.visit(facts);
    expect(status).toBe(200);
    if (answer.status === 200) return expect(json).toEqual(deed.done);
    // What the visitor was refused may have happened or not, but not halfway and not twice.
    expect(answer.status).toBe(503);
    expect([deed.done, deed.undone]).toContainEqual(json);
    const told = world.told("storeError").map(({ error }) => error as StoreError);
    expect(told.length).toBeGreaterThan(0);
  });

  it.concurrent.each(CASES)(
    "$name, where it is down from $operation number $index on, which $loss",
    async (one) => {
      const { deed, operation, index, loss } = one;
      const { world, browser } = await start(deed);
      let calls = 0;
      let isDown = false;
      world.switch.behave = async (called, send) => {
        if (called === operation) calls += 1;
        const isFirst = !isDown && calls === index;
        isDown ||= isFirst;
        if (!isDown) return send();
        return (await LOSSES[isFirst ? loss : "rejects before the write"]?.(send)) as never;
      };
      const answer = await browser.visit(deed.act);
      world.switch.behave = healthy;
      await quiet();
      const { json, status } = await browser.visit(facts);
      expect(status).toBe(200);
      if (answer.status === 200) return expect(json).toEqual(deed.done);
      expect(answer.status).toBe(503);
      expect([deed.done, deed.undone]).toContainEqual(json);
    },
  );

  it.each(["rejects after the write", "rejects before the write"])(
    "is found again, so that an update succeeds and counts once, where it %s",
    async (loss) => {
      for (const operation of ["update", "load"] as const) {
        const world = new World();
        const browser = await world.returning({ n: 1 });
        const { json, status } = await browser.visit((session) => {
          world.switch.behave = losing(operation, 1, loss);
          return session.update("n", (n) => n + 1);
        });
        expect([status, json]).toEqual([200, 2]);
        world.switch.behave = healthy;
        expect((await browser.visit((session) => session.get("n"))).json).toBe(2);
      }
    },
  );

  it("is found behind seven newer commits of others", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const elsewhere = browser.copy(world.process());
    const { json } = await browser.visit((session) => {
      world.switch.behave = async (_operation, send) => {
        world.switch.behave = healthy;
        await send();
        for (let n = 0; n < 7; n += 1) {
          await elsewhere.visit((theirs) => theirs.update("n", (n) => n + 10));
        }
        throw new Error("reset");
      };
      return session.update("n", (n) => n + 1);
    });
    expect(json).toBe(2);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(72);
  });

  it("is unknown behind a hundred newer commits, and not repeated", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const elsewhere = browser.copy(world.process());
    const { json } = await browser.visit((session) => {
      world.switch.behave = async (_operation, send) => {
        world.switch.behave = healthy;
        await send();
        for (let n = 0; n < 100; n += 1) {
          await elsewhere.visit((theirs) => theirs.update("n", (n) => n + 10));
        }
        throw new Error("reset");
      };
      return session.update("n", (n) => n + 1).catch((error) => [error.code, error.outcome]);
    });
    expect(json).toEqual(["ERR_SESSION_STORE", "unknown"]);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1_002);
  });
});

describe("a write that arrives late", () => {
  /** The first write of its kind is rejected, and carried out when the gate opens. */
  async function late(
    operation: Operation,
    deed: (session: Session<Untyped>) => Promise<unknown>,
    isNewVisitor = false,
  ) {
    const world = new World();
    const browser = isNewVisitor ? world.browser() : await world.signedIn("ada", { n: 1 });
    const arrival = gate();
    let arrived: Promise<unknown> = Promise.resolve();
    world.switch.behave = (called, send) => {
      if (called !== operation) return send();
      world.switch.behave = healthy;
      arrived = arrival.passed.then(send);
      return Promise.reject(new Error("reset"));
    };
    const answer = await browser.visit(deed);
    const arrive = (): Promise<unknown> => {
      arrival.open();
      return arrived;
    };
    return { world, browser, answer, arrive };
  }

  it("after its retry counts an update once", async () => {
    const { browser, arrive, answer } = await late("update", (s) => s.update("n", (n) => n + 1));
    await arrive();
    expect(answer.json).toBe(2);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(2);
  });

  it("after a newer write of somebody else takes nothing away", async () => {
    const { browser, arrive } = await late("update", (s) => s.update("n", (n) => n + 1));
    await browser.visit((session) => session.update("n", (n) => n + 10));
    await arrive();
    expect((await browser.visit((session) => session.get("n"))).json).toBe(12);
  });

  it("after the session ended revives nothing", async () => {
    const { world, browser, arrive } = await late("update", (s) => s.update("n", (n) => n + 1));
    await browser.visit((session) => session.signOut());
    await arrive();
    expect(await world.live()).toBe(0);
  });

  it("creates a session once", async () => {
    const { world, browser, arrive } = await late("create", async (s) => s.set("n", 1), true);
    await arrive();
    expect(await world.live()).toBe(1);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
  });

  it("does not undo the regenerate that it belongs to", async () => {
    const { world, browser, arrive } = await late("end", (session) => session.regenerate());
    await browser.visit((session) => session.update("n", (n) => n + 1));
    await arrive();
    expect((await browser.visit(facts)).json).toEqual(["ada", 2]);
    expect(await world.live()).toBe(1);
  });

  it("ends a session whose end had failed, and only that one", async () => {
    const { world, browser, arrive } = await late("end", (session) => session.signOut());
    await browser.visit((session) => session.signIn("ada"));
    await arrive();
    expect((await browser.visit(facts)).json).toEqual(["ada", 0]);
    expect(await world.live()).toBe(1);
  });

  it.each(["touch"] as const)("moves no clock back", async (operation) => {
    const world = new World();
    const browser = await world.returning();
    const arrival = gate();
    let arrived: Promise<unknown> = Promise.resolve();
    world.clock.move(10 * MINUTE);
    world.switch.behave = (called, send) => {
      if (called !== operation) return send();
      world.switch.behave = healthy;
      arrived = arrival.passed.then(send);
      return Promise.reject(new Error("reset"));
    };
    expect((await browser.visit((session) => session.get("seen"))).status).toBe(200);
    world.clock.move(10 * MINUTE);
    await browser.visit((session) => session.get("seen"));
    arrival.open();
    await arrived;
    world.clock.move(29 * MINUTE);
    expect((await browser.visit((session) => session.has("seen"))).json).toBe(true);
  });
});

describe("an error of the store says what is known", () => {
  async function outcomeOf(error: () => unknown, isHanging = false): Promise<unknown> {
    const world = new World({ storeTimeout: 200 });
    const browser = await world.returning({ n: 1 });
    const { json } = await browser.visit((session) => {
      world.switch.behave = () => (isHanging ? never() : Promise.reject(error()));
      return session
        .update("n", (n) => n + 1)
        .catch(({ code, status, operation, outcome }) => [code, status, operation, outcome]);
    });
    return json;
  }

  it("failed, where the store itself knows that nothing was written", async () => {
    const known = (): StoreError => new StoreError("update", "failed", "refused");
    expect(await outcomeOf(known)).toEqual(["ERR_SESSION_STORE", 503, "update", "failed"]);
  });

  it("unknown, where it neither answers nor can be asked", async () => {
    const dropped = (): Error => new Error("ECONNRESET");
    expect(await outcomeOf(dropped)).toEqual(["ERR_SESSION_STORE", 503, "update", "unknown"]);
    expect(await outcomeOf(dropped, true)).toEqual(["ERR_SESSION_STORE", 503, "update", "unknown"]);
  });

  it("and hides the driver's words in the cause", async () => {
    const world = new World();
    world.switch.behave = () => Promise.reject(new Error("password=hunter2"));
    const error = await world.sessions.find("s_".padEnd(45, "A")).catch((error) => error);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).not.toContain("hunter2");
    expect(error.cause.message).toBe("password=hunter2");
  });

  it("even where the store throws instead of rejecting, or rejects with nothing", async () => {
    const world = new World();
    const id = "s_".padEnd(45, "A");
    world.switch.behave = () => {
      throw new Error("synchronous");
    };
    await expect(world.sessions.find(id)).rejects.toBeInstanceOf(StoreError);
    world.switch.behave = () => Promise.reject(undefined);
    await expect(world.sessions.find(id)).rejects.toBeInstanceOf(StoreError);
  });
});

describe("a call that failed", () => {
  it("is reported once, though it fails again after its deadline", async () => {
    const world = new World({ storeTimeout: 200 });
    const browser = await world.returning({ n: 1 });
    const late = Promise.withResolvers<never>();
    world.switch.behave = () => late.promise;
    expect((await browser.visit((session) => session.get("n"))).status).toBe(503);
    late.reject(new Error("reset"));
    await quiet();
    expect(world.told("storeError")).toHaveLength(1);
  });

  it("is reported once for each call, and with nothing of what it was sent", async () => {
    const world = new World();
    world.switch.behave = () => Promise.reject(new Error("down"));
    await world.browser().visit((session) => session.set("n", "canary"));
    const operations = world.told("storeError").map(({ error }) => (error as StoreError).operation);
    expect(operations).toEqual(["create", "load"]);
    expect(JSON.stringify(world.heard)).not.toContain("canary");
  });
});

describe("a store that hangs", () => {
  async function hanging(storeTimeout: number) {
    const world = new World({ storeTimeout });
    const browser = await world.returning({ n: 1 });
    const outcomes: StoreOutcome[] = [];
    const begun = performance.now();
    const spent: number[] = [];
    const act = (write: (session: Session<Untyped>) => Promise<unknown>): Promise<unknown> =>
      browser.copy().visit((session) =>
        write(session).catch((error: unknown) => {
          if (!(error instanceof StoreError)) throw error;
          outcomes.push(error.outcome);
          spent.push(performance.now() - begun);
        }),
      );
    world.switch.behave = (operation, send) => (operation === "load" ? send() : never());
    return { world, browser, outcomes, spent, act };
  }

  it("fails each of many waiting writers within its deadline from queueing [ASVS 16.5.2]", async () => {
    standstill();
    const { outcomes, spent, act } = await hanging(600);
    const writers = times(20, () => act((session) => session.update("n", (n) => n + 1)));
    await quiet();
    vi.setTimerTickMode("nextTimerAsync");
    await writers;
    expect(spent).toEqual(Array(20).fill(600));
    expect(outcomes.filter((outcome) => outcome === "failed").length).toBeGreaterThanOrEqual(1);
  });

  it("leaves nothing behind once it answers again", async () => {
    const { world, browser, act } = await hanging(200);
    await times(20, () => act((session) => session.update("n", (n) => n + 1)));
    world.switch.behave = healthy;
    const { json } = await browser.visit((session) => session.update("n", (n) => n + 1));
    expect(json).toBe(2);
    await expectNoLineLeft(world, browser);
  });

  /** From here on no deadline comes until the test lets them come, one after the other. */
  function standstill(): void {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
  }

  it("is asked to hold no more than a bounded number of writers", async () => {
    standstill();
    const { world, browser, outcomes, act } = await hanging(300);
    const writers = times(1_200, () => act((session) => session.update("n", (n) => n + 1)));
    await quiet();
    // One is under way, a thousand wait, the rest have been refused at once.
    expect(outcomes).toHaveLength(199);
    expect(new Set(outcomes)).toEqual(new Set(["failed"]));
    vi.setTimerTickMode("nextTimerAsync");
    await writers;
    expect(outcomes).toHaveLength(1_200);
    vi.useRealTimers();
    world.switch.behave = healthy;
    await expectNoLineLeft(world, browser);
  });

  it("is asked to hold no more than a bounded number of bytes", async () => {
    standstill();
    const { outcomes, act } = await hanging(300);
    const text = "x".repeat(200_000);
    const writers = times(60, (n) =>
      act(async (session) => {
        session.set(`key${n}`, text);
        await session.save();
      }),
    );
    await quiet();
    // One is under way, 41 are 8 MiB, the rest have been refused at once.
    expect(outcomes).toEqual(Array(18).fill("failed"));
    vi.setTimerTickMode("nextTimerAsync");
    await writers;
    expect(outcomes).toHaveLength(60);
  });

  it("ends no request's touch with an error", async () => {
    const { world, browser } = await hanging(200);
    world.clock.move(10 * MINUTE);
    const answer = await browser.visit((session) => session.get("n"));
    expect(answer.status).toBe(200);
    expect(world.told("storeError")).toHaveLength(1);
  });

  it("with a timeout longer than a timer can be set does not spin", async () => {
    const warnings: string[] = [];
    const listen = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", listen);
    const world = new World({ storeTimeout: "30d" });
    const browser = await world.returning({ n: 1 });
    const stuck = gate();
    world.switch.behave = (_operation, send) => stuck.passed.then(send);
    const waiting = browser.visit((session) => session.get("n"));
    // Node warns in the next turn.
    await quiet();
    stuck.open();
    expect((await waiting).json).toBe(1);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });
});

/** A line of writers left behind would build on what it knew before, and meet a conflict. */
async function expectNoLineLeft(world: World, browser: Browser): Promise<void> {
  const elsewhere = browser.copy(world.process());
  // The last batch may still be finding out what became of it.
  await vi.waitFor(
    async () => {
      await elsewhere.visit((session) => session.set("elsewhere", performance.now()));
      world.heard.length = 0;
      await browser.copy().visit((session) => session.set("here", performance.now()));
      expect(world.told("conflict")).toEqual([]);
    },
    { timeout: 20_000 },
  );
}

describe("after an outage in the middle of everything", () => {
  it("everything works again, and nothing was counted twice", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 0 });
    let isDown = false;
    let calls = 0;
    world.switch.behave = async (_operation, send) => {
      calls += 1;
      const arrives = calls % 3 !== 0;
      if (!isDown) return send();
      if (arrives) await send();
      throw new Error("down");
    };
    let counted = 0;
    let unknown = 0;
    const count = (): Promise<unknown> =>
      browser.copy().visit((session) =>
        session
          .update("n", (n) => n + 1)
          .then(
            () => {
              counted += 1;
            },
            (error: StoreError) => {
              if (error.outcome === "unknown") unknown += 1;
            },
          ),
      );
    for (let round = 0; round < 10; round += 1) {
      isDown = round % 3 === 1;
      await times(5, count);
    }
    isDown = false;
    const { json } = await browser.visit((session) => session.get("n"));
    expect(json).toBeGreaterThanOrEqual(counted);
    expect(json).toBeLessThanOrEqual(counted + unknown);
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
  });

  it("a sign-in that could not be admitted leaves no session behind", async () => {
    for (const start of [(w: World) => w.returning(), async (w: World) => w.browser()]) {
      const world = new World();
      const browser = await start(world);
      let reads = 0;
      world.switch.behave = (operation, send) => {
        if (operation !== "generation") return send();
        reads += 1;
        return reads === 2 ? Promise.reject(new Error("down")) : send();
      };
      expect((await browser.visit((session) => session.signIn("ada"))).status).toBe(503);
      expect(await world.sessions.list({ userId: "ada" })).toEqual([]);
    }
  });

  it("revokeAll whose answer is lost says that it is unknown, and may be repeated", async () => {
    for (const operation of ["raiseGeneration", "endAll"] as const) {
      const world = new World();
      await world.signedIn("ada");
      world.switch.behave = losing(operation, 1, "rejects after the write");
      const error = await world.sessions.revokeAll({ userId: "ada" }).catch((error) => error);
      expect(error).toMatchObject({ operation, outcome: "unknown" });
      await world.sessions.revokeAll({ userId: "ada" });
      expect(await world.live()).toBe(0);
    }
  });
});

type Fault = "none" | "before" | "after";
type Act = "update" | "read" | "regenerate" | "signIn" | "signOut";

/** Fails calls as the list says, and then none. */
function faulty(faults: readonly Fault[]): Intercept {
  let calls = 0;
  return async (_operation, send) => {
    const fault = faults[calls] ?? "none";
    calls += 1;
    if (fault === "before") throw new Error("down");
    const answer = await send();
    if (fault === "after") throw new Error("down");
    return answer;
  };
}

const DEED_OF: Record<Act, (session: Session<Untyped>) => unknown> = {
  update: (session) => session.update("n", (n = 0) => n + 1),
  read: (session) => session.get("n"),
  regenerate: (session) => session.regenerate(),
  signIn: (session) => session.signIn("ada"),
  signOut: (session) => session.signOut(),
};

/** What a visitor can count on, whatever has failed. */
class Expectations {
  readonly #dead = new Set<string>();
  #least = 0;
  #most = 0;
  #mayBeOut = false;

  note(act: Act, status: number, before: string, after: string | undefined): void {
    // Somebody who may be signed out may still show a token that is dead.
    expect(this.#mayBeOut ? [200, 503, 409] : [200, 503]).toContain(status);
    const isDone = status === 200;
    if (act === "update") this.#most += 1;
    if (act === "update" && isDone) this.#least += 1;
    if (act === "signIn" && isDone) this.#mayBeOut = false;
    if (act === "signOut") this.#signOut();
    if (isDone && after !== before) this.#dead.add(before);
    if (after !== undefined) this.#dead.delete(after);
  }

  check([userId, n]: readonly [string | null, number]): void {
    if (!this.#mayBeOut) expect(userId).toBe("ada");
    expect(n).toBeGreaterThanOrEqual(this.#least);
    expect(n).toBeLessThanOrEqual(this.#most);
  }

  async checkTheDead(world: World): Promise<void> {
    for (const token of this.#dead) {
      const thief = world.browser();
      thief.token = token;
      expect((await thief.visit(facts)).json).toEqual([null, 0]);
    }
  }

  #signOut(): void {
    this.#mayBeOut = true;
    this.#least = 0;
  }
}

describe("any run of requests, with any calls failing before or after their write", () => {
  const run = fc.array(
    fc.record({
      act: fc.constantFrom<Act>("update", "update", "read", "regenerate", "signIn", "signOut"),
      faults: fc.array(fc.constantFrom<Fault>("none", "none", "before", "after"), { maxLength: 9 }),
    }),
    { maxLength: 12 },
  );

  it("signs nobody out who did not ask for it, and counts nothing twice [ASVS 16.5.2]", async () => {
    await fc.assert(
      fc.asyncProperty(run, async (requests) => {
        const world = new World();
        const browser = await world.signedIn("ada", { n: 0 });
        const expected = new Expectations();
        for (const { act, faults } of requests) {
          const before = String(browser.token);
          world.switch.behave = faulty(faults);
          const { status } = await browser.visit(DEED_OF[act]);
          world.switch.behave = healthy;
          expected.note(act, status, before, browser.token);
          expected.check((await browser.visit(facts)).json as [string | null, number]);
        }
        await expected.checkTheDead(world);
      }),
      { numRuns: 300 },
    );
  });
});
