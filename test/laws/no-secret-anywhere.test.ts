import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Browser } from "./support/browser.ts";
import { MINUTE } from "./support/clock.ts";
import { quiet, World } from "./support/world.ts";
import type { Intercept } from "./support/wrapped-store.ts";

const warnings: unknown[] = [];
const printed: unknown[] = [];

beforeEach(() => {
  warnings.length = 0;
  printed.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((...args) => void warnings.push(args));
  for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void printed.push(args));
  }
});

afterEach(() => void vi.restoreAllMocks());

const deep = (value: unknown): string =>
  inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null });

/** Everything that is said of a world, to whoever listens, stores or prints. */
class Ears {
  readonly heard: string[] = [];

  hear(value: unknown): void {
    this.heard.push(deep(value), String(JSON.stringify(value)), String(value));
    if (value instanceof Error)
      this.heard.push(value.message, String(value.stack), deep(value.cause));
  }

  expectNothingOf(secret: string | undefined): void {
    expect(secret).toHaveLength(43);
    const told = this.heard.filter((text) => text.includes(String(secret)));
    expect(told).toEqual([]);
  }
}

/** A store that hears every argument. */
function overheard(world: World, ears: Ears): void {
  const { memory } = world;
  for (const method of ["load", "create", "update", "end", "touch"] as const) {
    const original = memory[method].bind(memory) as (...args: unknown[]) => Promise<unknown>;
    vi.spyOn(memory, method).mockImplementation((async (...args: unknown[]) => {
      ears.hear(args);
      const result = await original(...args);
      ears.hear(result);
      return result;
    }) as never);
  }
}

async function wholeLife(world: World, ears: Ears, tokens: Set<string>): Promise<void> {
  overheard(world, ears);
  const browser = world.browser();
  const note = (): void => {
    if (browser.token !== undefined) tokens.add(browser.token);
  };
  const steps: Parameters<Browser["visit"]>[0][] = [
    (session) => session.set("n", 1),
    (session) => session.flash("note", "hello"),
    (session) => session.signIn("ada", { persistent: true }),
    (session) => session.regenerate(),
    (session) => session.update("n", (n) => n + 1),
    (session) => session.signOut({ keep: ["n"] }),
    (session) => session.signIn("ada"),
  ];
  for (const step of steps) {
    await browser.visit(async (session, request) => {
      ears.hear(session);
      await step(session, request);
      ears.hear(session);
      ears.hear([...session.entries()]);
      ears.hear({ ...session });
      ears.hear(Object.getOwnPropertyDescriptors(session));
    });
    note();
    world.clock.move(5 * MINUTE);
  }
  ears.hear(await world.sessions.list({ userId: "ada" }));
  const stale = browser.copy();
  await browser.visit((session) => session.destroy());
  await stale.visit((session) => session.set("n", 1));
  ears.hear(world.heard);
  ears.hear(world.sessions);
  ears.hear(world.memory);
  ears.hear(warnings);
  ears.hear(printed);
}

describe("no token is to be found", () => {
  it("in the store, events, objects, warnings or the console, through a whole life [CVE-2019-16782, CVE-2023-20866] [ASVS 3.3.4, ASVS 16.2.5, NIST 5.1 storage]", async () => {
    const world = new World();
    const ears = new Ears();
    const tokens = new Set<string>();
    await wholeLife(world, ears, tokens);
    expect(tokens.size).toBeGreaterThanOrEqual(5);
    for (const token of tokens) ears.expectNothingOf(token);
    // The ids are there, so the ears do hear.
    expect(ears.heard.some((text) => text.includes("s_"))).toBe(true);
  });

  const FAILURES: Record<string, Intercept> = {
    rejecting: () => Promise.reject(new Error("down")),
    hanging: () => new Promise(() => undefined),
    "answering nonsense": async () => undefined as never,
  };

  it.each(Object.keys(FAILURES))(
    "in the errors of a store that is %s [ASVS 16.2.5]",
    async (failure) => {
      const world = new World({ storeTimeout: 200, onError: undefined });
      const ears = new Ears();
      const browser = await world.signedIn("ada", { n: 1 });
      const deeds: Parameters<Browser["visit"]>[0][] = [
        (session) => session.update("n", (n) => n + 1),
        (session) => session.signIn("ada"),
        (session) => session.regenerate(),
        (session) => session.signOut(),
        (session) => session.destroy(),
      ];
      for (const deed of deeds) {
        const before = browser.token;
        const answer = await browser
          .copy()
          .visit(async (session, request) => {
            world.switch.behave = FAILURES[failure] ?? world.switch.behave;
            await Promise.resolve(deed(session, request)).catch((error) => {
              ears.hear(error);
              throw error;
            });
            return undefined;
          })
          .catch((error) => {
            ears.hear(error);
            return undefined;
          });
        world.switch.behave = (_operation, send) => send();
        ears.hear(answer?.text);
        ears.expectNothingOf(before);
      }
      ears.hear(world.heard);
      ears.hear(warnings);
      if (failure !== "answering nonsense") expect(printed).not.toEqual([]);
      ears.hear(printed);
      ears.expectNothingOf(browser.token);
    },
  );

  it("in what is said of a cookie that was not believed [ASVS 16.2.5]", async () => {
    const world = new World();
    const ears = new Ears();
    const browser = await world.signedIn("ada");
    const token = String(browser.token);
    await browser.request(
      async (request) => {
        ears.hear(await world.sessions.open(request));
        return new Response();
      },
      { headers: { cookie: `__Host-Http-session=${token}; __Host-Http-session=${token}` } },
    );
    await browser.visit((session) => session.destroy());
    const late = world.browser();
    late.token = token;
    await late.visit((session) => session.set("n", 1));
    ears.hear(world.heard);
    ears.expectNothingOf(token);
  });

  it("in the errors of values that cannot be stored", async () => {
    const world = new World();
    const browser = await world.returning();
    const { json } = await browser.visit((session) => {
      try {
        session.set("password", { canary: 1n } as never);
      } catch (error) {
        return [String(error), deep(error)];
      }
      return undefined;
    });
    expect(JSON.stringify(json)).not.toContain(String(browser.token));
  });
});

describe("a listener that fails", () => {
  const FAILURES: Record<string, () => unknown> = {
    throws: () => {
      throw new Error("listener");
    },
    rejects: () => Promise.reject(new Error("listener")),
    "throws nothing": () => {
      throw undefined;
    },
    "throws what has no text": () => {
      throw Object.create(null);
    },
    "rejects with what has no text": () => Promise.reject(Object.create(null)),
    "throws a symbol": () => {
      throw Symbol("odd");
    },
  };

  it.each(Object.keys(FAILURES))("harms no request when it %s", async (failure) => {
    const world = new World();
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    world.sessions.on("created", FAILURES[failure] ?? (() => undefined));
    const after: unknown[] = [];
    world.sessions.on("created", (event) => void after.push(event));
    const answer = await world.browser().visit((session) => session.set("n", 1));
    // Node tells of a rejection once the turn is over.
    await quiet();
    process.off("unhandledRejection", listen);
    expect(answer.status).toBe(200);
    expect(after).toHaveLength(1);
    expect(unhandled).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it("stops listening when told to, and only that one", async () => {
    const world = new World();
    const heard: string[] = [];
    const listener = (): void => void heard.push("heard");
    const off = world.sessions.on("created", listener);
    world.sessions.on("created", listener);
    off();
    off();
    await world.returning();
    expect(heard).toEqual(["heard"]);
  });
});
