import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createSessions, REMOVE, type Session, type Untyped } from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { gate, quiet, times, World } from "./support/world.ts";
import { wrapped, yielding } from "./support/wrapped-store.ts";

/** Two processes over one store, whose every call takes a turn of the event loop. */
function twoProcesses(world: World): [Browser, Browser] {
  const options = { clock: world.clock };
  const one = createSessions<Untyped>({ store: wrapped(world.memory, yielding), ...options });
  const other = createSessions<Untyped>({ store: wrapped(world.memory, yielding), ...options });
  return [new Browser(one), new Browser(other)];
}

async function both(world: World): Promise<[Browser, Browser]> {
  const [one, other] = twoProcesses(world);
  await one.visit((session) => session.set("seen", 1));
  return [one, one.copy(other.sessions)];
}

describe("no update is lost", () => {
  it("keeps fifty keys that fifty parallel requests set, one each", async () => {
    const world = new World();
    const browser = await world.returning();
    await times(50, (n) => browser.copy().visit((session) => session.set(`key${n}`, n)));
    const { json } = await browser.visit((session) => [...session.entries()]);
    expect(json).toHaveLength(51);
  });

  it("stores fifty parallel requests in a few writes", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.forget();
    world.switch.behave = yielding;
    await times(50, (n) => browser.copy().visit((session) => session.set(`key${n}`, n)));
    expect(world.switch.count("update")).toBeLessThanOrEqual(3);
    expect(world.switch.count("load")).toBe(50);
  });

  it("counts fifty parallel updates exactly, and gives each its own number", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.behave = yielding;
    const answers = await times(50, () =>
      browser.copy().visit((session) => session.update("n", (n = 0) => n + 1)),
    );
    const numbers = answers.map(({ json }) => Number(json)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  it("counts exactly over two processes whose writes collide", async () => {
    const world = new World();
    const [one, other] = await both(world);
    const answers = await times(50, (n) =>
      (n % 2 === 0 ? one : other).copy().visit((session) => session.update("n", (n = 0) => n + 1)),
    );
    const numbers = answers.map(({ json }) => Number(json)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  it("keeps every key of fifty parallel requests over two processes", async () => {
    const world = new World();
    const [one, other] = await both(world);
    const answers = await times(50, (n) =>
      (n % 2 === 0 ? one : other).copy().visit((session) => session.set(`key${n}`, n)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const { json } = await one.visit((session) => [...session.entries()]);
    expect(json).toHaveLength(51);
  });

  it("tells listeners of a conflict", async () => {
    const world = new World();
    const browser = await world.returning();
    const elsewhere = browser.copy(world.process());
    await browser.visit(async (session) => {
      session.set("a", 1);
      await elsewhere.visit((theirs) => theirs.set("b", 2));
    });
    expect(world.told("conflict")).toHaveLength(1);
    const { json } = await browser.visit((session) => [session.get("a"), session.get("b")]);
    expect(json).toEqual([1, 2]);
  });

  it("lets the later commit of one key win", async () => {
    const world = new World();
    const browser = await world.returning();
    const first = gate();
    const late = browser.copy().visit(async (session) => {
      session.set("theme", "late");
      await first.passed;
    });
    await quiet();
    await browser.copy(world.process()).visit((session) => session.set("theme", "early"));
    first.open();
    await late;
    const { json } = await browser.visit((session) => session.get("theme"));
    expect(json).toBe("late");
  });
});

/** Opens a session, does `ours`, lets another process do `theirs`, and commits. */
async function across(
  before: Untyped,
  ours: (session: Session<Untyped>) => void,
  theirs: (session: Session<Untyped>) => void,
): Promise<unknown> {
  const world = new World();
  const browser = await world.returning(before);
  const elsewhere = browser.copy(world.process());
  await browser.copy().visit(async (session) => {
    ours(session);
    await elsewhere.visit(theirs);
  });
  const { json } = await browser.visit((session) => Object.fromEntries([...session.entries()]));
  return json;
}

describe("a request's operations are applied again on what came between", () => {
  it("sets one key and leaves another's alone", async () => {
    const after = await across(
      { a: 1, b: 1 },
      (session) => session.set("a", 2),
      (session) => session.set("b", 2),
    );
    expect(after).toEqual({ a: 2, b: 2 });
  });

  it("deletes one key and leaves another's alone", async () => {
    const after = await across(
      { a: 1, b: 1 },
      (session) => session.delete("a"),
      (session) => session.set("b", 2),
    );
    expect(after).toEqual({ b: 2 });
  });

  it("clears what came between as well, but not what it sets afterwards", async () => {
    const after = await across(
      { a: 1 },
      (session) => {
        session.set("gone", 1);
        session.clear();
        session.set("kept", 1);
      },
      (session) => session.set("b", 2),
    );
    expect(after).toEqual({ kept: 1 });
  });

  it("sets a key again that somebody deleted between", async () => {
    const after = await across(
      { a: 1 },
      (session) => session.set("a", 2),
      (session) => session.delete("a"),
    );
    expect(after).toEqual({ a: 2 });
  });

  it("keeps an object changed in place, and the other's key", async () => {
    const after = await across(
      { cart: ["apple"], b: 1 },
      (session) => session.get("cart").push("pear"),
      (session) => session.set("b", 2),
    );
    expect(after).toEqual({ cart: ["apple", "pear"], b: 2 });
  });

  it("does not write back an object that it merely read", async () => {
    const after = await across(
      { cart: ["apple"], b: 1 },
      (session) => {
        session.get("cart").includes("apple");
        session.set("b", 2);
      },
      (session) => session.get("cart").push("pear"),
    );
    expect(after).toEqual({ cart: ["apple", "pear"], b: 2 });
  });

  it("keeps both messages that two requests flash", async () => {
    const world = new World();
    const browser = await world.returning();
    const elsewhere = browser.copy(world.process());
    await browser.copy().visit(async (session) => {
      session.flash("note", "ours");
      await elsewhere.visit((theirs) => theirs.flash("note", "theirs"));
    });
    const { json } = await browser.visit((session) => [session.take("note"), session.take("note")]);
    expect(json).toEqual(["theirs", "ours"]);
  });

  it("gives update the newest value, after what this request set itself", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const elsewhere = browser.copy(world.process());
    await browser.copy().visit(async (session) => {
      await elsewhere.visit((theirs) => theirs.set("n", 10));
      await session.update("n", (n) => n + 1);
      session.set("n", 100);
      await elsewhere.visit((theirs) => theirs.set("n", 20));
      expect(await session.update("n", (n) => n + 1)).toBe(101);
    });
    const { json } = await browser.visit((session) => session.get("n"));
    expect(json).toBe(101);
  });

  it("keeps what clear spares when an update came after it", async () => {
    const world = new World();
    const browser = await world.returning({ a: 1, n: 5 });
    const { json } = await browser.copy().visit(async (session) => {
      session.clear();
      return session.update("n", (n = 0) => n + 1);
    });
    expect(json).toBe(1);
    const after = await browser.visit((session) => Object.fromEntries([...session.entries()]));
    expect(after.json).toEqual({ n: 1 });
  });
});

describe("consume", () => {
  it("hands out what was changed in place on a default, and stores nothing of it", async () => {
    const world = new World({ defaults: { codes: [] as string[] } });
    const browser = world.browser();
    const { json } = await browser.visit(async (session) => {
      session.get("codes").push("x");
      const first = await session.consume("codes");
      return [first, await session.consume("codes"), session.get("codes")];
    });
    expect(json).toEqual([["x"], null, []]);
    expect((await browser.visit((session) => session.get("codes"))).json).toEqual([]);
  });

  it("hands out no default that was only looked at, nor one that shows again", async () => {
    const world = new World({ defaults: { codes: ["none"] } });
    const browser = await world.returning({ codes: ["a"] });
    const { json } = await browser.visit(async (session) => {
      session.delete("codes");
      session.get("codes").includes("none");
      const looked = await session.consume("codes");
      session.get("codes").push("b");
      return [looked, await session.consume("codes")];
    });
    expect(json).toEqual([null, ["none", "b"]]);
  });
});

describe("messages that nobody takes", () => {
  it("are kept up to the newest 50 of each key, and fill no session", async () => {
    const world = new World({ maxDataBytes: 8_000 });
    const browser = await world.returning();
    for (let n = 0; n < 120; n += 1) {
      const { status } = await browser.visit((session) => {
        session.flash("note", `${n}: ${"x".repeat(60)}`);
        if (n === 10) session.flash("error", "kept");
      });
      expect(status).toBe(200);
    }
    const all = await browser.visit((session) => {
      const taken: unknown[] = [];
      for (let note = session.take("note"); note !== undefined; note = session.take("note")) {
        taken.push(Number.parseInt(String(note), 10));
      }
      return [taken, session.take("error")];
    });
    expect(all.json).toEqual([Array.from({ length: 50 }, (_, n) => 70 + n), "kept"]);
    expect((await browser.visit((session) => session.take("note") ?? null)).json).toBeNull();
  });

  it("are so many at most, too, where one request leaves them", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => {
      for (let n = 0; n < 1_000; n += 1) session.flash("note", n);
    });
    expect((await browser.visit((session) => session.take("note"))).json).toBe(950);
  });
});

describe("messages that wait for long", () => {
  it("make room for changes, oldest first, where the session would grow too large", async () => {
    const world = new World({ maxDataBytes: 4_000 });
    const browser = await world.returning();
    for (let n = 0; n < 20; n += 1) {
      const { status } = await browser.visit((session) => {
        session.flash("note", `${n}: ${"x".repeat(500)}`);
      });
      expect(status).toBe(200);
    }
    expect((await browser.visit((s) => s.set("text", "y".repeat(2_500)))).status).toBe(200);
    const { json } = await browser.visit((session) => [session.take("note"), session.get("text")]);
    expect(json).toEqual([expect.stringMatching(/^1[89]: x/), "y".repeat(2_500)]);
  });

  it("stay where a change is too large even without them", async () => {
    const world = new World({ maxDataBytes: 4_000 });
    const browser = await world.returning();
    await browser.visit((session) => session.flash("note", "still there"));
    expect((await browser.visit((s) => s.set("text", "y".repeat(5_000)))).status).toBe(500);
    expect((await browser.visit((s) => s.flash("note", "y".repeat(5_000)))).status).toBe(500);
    expect((await browser.visit((s) => s.take("note"))).json).toBe("still there");
  });
});

describe("update", () => {
  it("refuses a function that returns nothing, and leaves the value as it was", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["coffee"] });
    const { json } = await browser.visit((session) =>
      session
        .update("cart", ((cart: string[]) => void cart.push("tea")) as never)
        .catch(({ code, path, message }) => [code, path, message]),
    );
    expect(json).toEqual(["ERR_SESSION_CODEC", "cart", expect.stringContaining("return REMOVE")]);
    expect((await browser.visit((session) => session.get("cart"))).json).toEqual(["coffee"]);
  });

  it("removes the key in the step that saw the value", async () => {
    const world = new World({ defaults: { codes: ["none"] } });
    const browser = await world.returning({ codes: ["a", "b", "c"] });
    const answers = await times(3, () =>
      browser.copy(world.process()).visit(async (session) => {
        let taken: unknown;
        const left = await session.update("codes", ([first, ...rest]) => {
          taken = first;
          return rest.length > 0 ? rest : REMOVE;
        });
        return [taken, left];
      }),
    );
    expect(answers.map(({ json }) => json)).toEqual(
      expect.arrayContaining([
        ["a", ["b", "c"]],
        ["b", ["c"]],
        ["c", null],
      ]),
    );
    expect((await browser.visit((session) => session.get("codes"))).json).toEqual(["none"]);
  });
});

describe("one request's invalid change fails that request alone", () => {
  const schema = z.object({ n: z.number().max(100).default(0), text: z.string().default("") });

  async function merged(bad: (session: Session<Untyped>) => void): Promise<number[]> {
    const world = new World({ schema, maxDataBytes: 1_000 });
    const browser = await world.returning({ n: 1 });
    const hold = gate();
    world.switch.behave = async (operation, send) => {
      if (operation === "update") await hold.passed;
      return send();
    };
    // The first write holds the line; the other three wait and go out together.
    const first = browser.copy().visit((session) => session.set("text", "first"));
    await quiet();
    const others = [
      browser.copy().visit((session) => session.update("n", (n) => n + 1)),
      browser.copy().visit(bad),
      browser.copy().visit((session) => session.update("n", (n) => n + 1)),
    ];
    await quiet();
    hold.open();
    const statuses = (await Promise.all([first, ...others])).map(({ status }) => status);
    const { json } = await browser.visit((session) => session.get("n"));
    expect(json).toBe(3);
    expect(world.switch.count("update")).toBe(2);
    return statuses;
  }

  it("where the schema refuses it", async () => {
    expect(await merged((session) => session.set("n", 1_000))).toEqual([200, 200, 500, 200]);
  });

  it("where it is too large", async () => {
    const bad = (session: Session<Untyped>): void => session.set("text", "x".repeat(2_000));
    expect(await merged(bad)).toEqual([200, 200, 500, 200]);
  });

  it("where the function given to update throws", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const failing = browser.copy().visit((session) =>
      session
        .update("n", () => {
          throw new RangeError("not today");
        })
        .catch((error: Error) => error.name),
    );
    const [answer] = await Promise.all([
      failing,
      browser.copy().visit((session) => session.update("n", (n) => n + 1)),
    ]);
    expect(answer.json).toBe("RangeError");
    const { json } = await browser.visit((session) => session.get("n"));
    expect(json).toBe(2);
  });
});

/** A schema that tells what it is asked, and may take its time. */
function watchedSchema(takesMs = 0): { schema: z.ZodType<object>; asked: () => number } {
  let count = 0;
  const schema = z.looseObject({ n: z.number().max(100).default(0) }).superRefine(() => {
    count += 1;
    const end = performance.now() + takesMs;
    while (performance.now() < end);
  });
  return { schema, asked: () => count };
}

/** Lets requests wait behind a first write, and commits them together. Resolves to the statuses. */
async function burst(
  world: World,
  browser: Browser,
  acts: readonly ((session: Session<Untyped>) => unknown)[],
): Promise<number[]> {
  const hold = gate();
  world.switch.behave = async (operation, send) => {
    if (operation === "update") await hold.passed;
    return send();
  };
  const first = browser.copy().visit((session) => session.set("first", 1));
  await quiet();
  const others = acts.map((act) => browser.copy().visit(act));
  await quiet();
  hold.open();
  await first;
  return (await Promise.all(others)).map(({ status }) => status);
}

describe("one visitor's burst stops nobody else", () => {
  it("as many changes are checked by the schema once", async () => {
    const { schema, asked } = watchedSchema();
    const world = new World({ schema });
    const browser = await world.returning({ n: 1 });
    const opened = 51 + 1;
    const before = asked() + opened;
    const sets = Array.from({ length: 50 }, (_, n) => (s: Session<Untyped>) => s.set(`k${n}`, n));
    expect(await burst(world, browser, sets)).toEqual(Array(50).fill(200));
    expect(asked() - before).toBeLessThanOrEqual(2);
    expect(world.switch.count("update")).toBe(2);
  });

  it("and as many updates once each", async () => {
    const { schema, asked } = watchedSchema();
    const world = new World({ schema });
    const browser = await world.returning({ n: 1 });
    const before = asked() + 51;
    const updates = Array(50).fill((s: Session<Untyped>) => s.update("n", (n) => n + 1));
    expect(await burst(world, browser, updates)).toEqual(Array(50).fill(200));
    expect(asked() - before).toBeLessThanOrEqual(53);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(51);
  });

  it("the event loop turns every few milliseconds, however slow the schema is", async () => {
    const { schema, asked } = watchedSchema(4);
    const world = new World({ schema });
    const browser = await world.returning({ n: 1 });
    let most = 0;
    let last = Number.POSITIVE_INFINITY;
    let turning: NodeJS.Immediate | undefined;
    const turn = (): void => {
      most = Math.max(most, asked() - last);
      last = asked();
      turning = setImmediate(turn);
    };
    const updates = Array(40).fill((s: Session<Untyped>) => s.update("n", (n) => n + 1));
    // Counted once every request is open.
    updates.push(() => {
      last = Number.POSITIVE_INFINITY;
      turning = setImmediate(turn);
    });
    expect(await burst(world, browser, updates)).toEqual(Array(41).fill(200));
    clearImmediate(turning);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(5);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(41);
  });

  it("and those that cannot be had fail alone, also where a later one writes the same key", async () => {
    const { schema } = watchedSchema();
    const world = new World({ schema, maxDataBytes: 2_000 });
    const browser = await world.returning({ n: 1 });
    const bad = new Map<number, (session: Session<Untyped>) => unknown>([
      [3, (session) => session.set("n", 1_000)],
      [7, (session) => session.set("large", "x".repeat(3_000))],
      [8, (session) => session.set("large", "x".repeat(3_000))],
      [20, (session) => session.update("n", () => "many")],
      [29, (session) => session.set("n", 1_000)],
    ]);
    const acts = Array.from({ length: 30 }, (_, at) => {
      const good = (session: Session<Untyped>): unknown =>
        at === 4 ? session.set("n", 5) : session.set(`k${at % 6}`, at);
      return bad.get(at) ?? good;
    });
    const statuses = await burst(world, browser, acts);
    expect(statuses).toEqual(acts.map((_, at) => (bad.has(at) ? 500 : 200)));
    const { json } = await browser.visit((session) => [session.get("n"), session.has("large")]);
    expect(json).toEqual([5, false]);
  });
});

describe("what the application did not touch is not written", () => {
  it("neither defaults nor keys that the schema strips", async () => {
    const world = new World();
    const browser = await world.returning({ old: "kept", n: 1 });
    const schema = z.object({ n: z.number().default(0), cart: z.array(z.string()).default([]) });
    const newer = world.process({ schema });
    world.switch.forget();
    await browser.copy(newer).visit((session) => {
      expect(session.get("cart")).toEqual([]);
      expect(session.has("old")).toBe(false);
      return [...session.entries()];
    });
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("so keys that another deployment knows survive this one", async () => {
    const world = new World();
    const browser = await world.returning({ old: "kept", n: 1 });
    const newer = world.process({ schema: z.object({ n: z.number().default(0) }) });
    await browser.copy(newer).visit((session) => session.update("n", (n) => n + 1));
    await browser.copy(newer).visit((session) => session.set("n", session.get("n") + 1));
    const { json } = await browser.visit((session) => [session.get("old"), session.get("n")]);
    expect(json).toEqual(["kept", 3]);
  });

  it("not even a value set to what it is, or an object put back as it was", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"], theme: "dark" });
    world.switch.forget();
    await browser.visit((session) => {
      session.set("theme", "dark");
      session.get("cart").push("pear");
      session.get("cart").pop();
      session.delete("never-there");
    });
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("nor the default that a new visitor's object comes from", async () => {
    const defaults = { cart: [] as string[], theme: "light" };
    const world = new World({ defaults });
    const browser = world.browser();
    const answer = await browser.visit((session) => {
      session.set("theme", "light");
      return session.get("cart");
    });
    expect(answer.cookies).toEqual([]);
    expect(world.switch.calls).toEqual([]);
  });

  it("but a default changed in place is stored, and shared with nobody", async () => {
    const world = new World({ defaults: { cart: [] as string[] } });
    const browser = world.browser();
    await browser.visit((session) => void session.get("cart").push("apple"));
    expect((await browser.visit((session) => session.get("cart"))).json).toEqual(["apple"]);
    expect((await world.browser().visit((session) => session.get("cart"))).json).toEqual([]);
  });
});

type Step =
  | { readonly kind: "set"; readonly key: string; readonly value: number }
  | { readonly kind: "update"; readonly key: string }
  | { readonly kind: "consume"; readonly key: string }
  | { readonly kind: "save" };

const key = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), key, value: fc.integer() }),
  fc.record({ kind: fc.constant("update" as const), key }),
  fc.record({ kind: fc.constant("consume" as const), key }),
  fc.constant({ kind: "save" as const }),
);

describe("any program of parallel requests", () => {
  it("counts each update once, and hands each value out once", async () => {
    const counting = fc.oneof(
      fc.record({ kind: fc.constant("update" as const), key }),
      fc.record({ kind: fc.constant("consume" as const), key }),
    );
    const programs = fc.array(fc.array(counting, { maxLength: 4 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(programs, async (requests) => {
        const world = new World();
        const [one, other] = await both(world);
        const taken: Record<string, number> = { a: 0, b: 0, c: 0 };
        const added: Record<string, number> = { a: 0, b: 0, c: 0 };
        await Promise.all(
          requests.map((steps, n) =>
            (n % 2 === 0 ? one : other)
              .copy()
              .visit((session) => runSteps(session, steps, { added, taken })),
          ),
        );
        const { json } = await one.visit((session) => ({
          a: (session.get("a") ?? 0) + taken["a"],
          b: (session.get("b") ?? 0) + taken["b"],
          c: (session.get("c") ?? 0) + taken["c"],
        }));
        expect(json).toEqual(added);
      }),
      { numRuns: 40 },
    );
  });

  it("reads, in one request after the other, as a plain map would", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 5 }),
        async (all) => {
          const world = new World();
          const browser = await world.returning();
          const model = new Map<string, number>();
          for (const steps of all) {
            await browser.visit(async (session) => {
              for (const step of steps) await sameAsModel(session, model, step);
            });
          }
          const { json } = await browser.visit((session) => {
            session.delete("seen");
            return Object.fromEntries([...session.entries()]);
          });
          expect(json).toEqual(Object.fromEntries(model));
        },
      ),
      { numRuns: 60 },
    );
  });
});

type Sums = Record<"added" | "taken", Record<string, number>>;

async function runSteps(
  session: Session<Untyped>,
  steps: readonly { readonly kind: "update" | "consume"; readonly key: string }[],
  { added, taken }: Sums,
): Promise<void> {
  for (const { kind, key } of steps) {
    if (kind === "update") {
      await session.update(key, (n = 0) => n + 1);
      added[key] = (added[key] ?? 0) + 1;
      continue;
    }
    const value = (await session.consume(key)) ?? 0;
    taken[key] = (taken[key] ?? 0) + value;
  }
}

async function sameAsModel(
  session: Session<Untyped>,
  model: Map<string, number>,
  step: Step,
): Promise<void> {
  switch (step.kind) {
    case "set":
      model.set(step.key, step.value);
      return session.set(step.key, step.value);
    case "update":
      model.set(step.key, (model.get(step.key) ?? 0) + 1);
      expect(await session.update(step.key, (n = 0) => n + 1)).toBe(model.get(step.key));
      return;
    case "consume":
      expect(await session.consume(step.key)).toBe(model.get(step.key));
      model.delete(step.key);
      return;
    case "save":
      return session.save();
    default:
      step satisfies never;
  }
}
