import { describe, expect, it } from "vitest";
import {
  createSessions,
  ExclusiveError,
  type ExclusiveOptions,
  memoryStore,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { newKey } from "../cookies/support/cookie-world.ts";
import { Origin } from "../stores/support/layered-origin.ts";
import { Browser } from "./support/browser.ts";
import { SetClock } from "./support/clock.ts";
import { type Gate, gate, quiet } from "./support/world.ts";

/** No copy is too old in any of these tests. */
const maxStaleness = "1h";
const KEY = newKey();

type Around = (store: SessionStore) => SessionStore;

/** Processes with copies of their own, over one origin. */
function processes(around: Around = (store) => store): readonly [Browser, Browser, Origin] {
  const origin = new Origin();
  const clock = new SetClock();
  const [one, other] = [0, 1].map((): Sessions<Untyped> => {
    const store = around(layered(memoryStore(), origin.silent(), { maxStaleness }));
    return createSessions<Untyped>({ store, clock });
  }) as [Sessions<Untyped>, Sessions<Untyped>];
  return [new Browser(one), new Browser(other), origin];
}

/** A visitor who is known to both processes, each of which has a copy. */
async function known(around?: Around): Promise<readonly [Browser, Browser, Origin]> {
  const [one, other, origin] = processes(around);
  await one.visit((session) => session.signIn("ada"));
  const there = one.copy(other.sessions);
  await there.visit((session) => session.get("n"));
  return [one, there, origin];
}

/** One request that counts. Resolves to its result, what it saw before, and sees afterwards. */
async function count(browser: Browser, options: ExclusiveOptions = {}): Promise<unknown> {
  const { json } = await browser.copy().visit(async (session) => {
    const before = session.get("n") ?? 0;
    const result = await session
      .exclusive("count", options, (inside) => inside.update("n", (n = 0) => n + 1))
      .catch((error: unknown) => (error instanceof ExclusiveError ? error.reason : String(error)));
    return { before, result, after: session.get("n") };
  });
  return json;
}

/** One that is at it until it may end. */
function working(browser: Browser): {
  readonly begun: Gate;
  readonly end: Gate;
  readonly done: Promise<unknown>;
} {
  const [begun, end] = [gate(), gate()];
  const done = browser.copy().visit((session) =>
    session.exclusive("count", async (inside) => {
      begun.open();
      await end.passed;
      return inside.update("n", (n = 0) => n + 1);
    }),
  );
  return { begun, end, done };
}

const WAYS: readonly (readonly [string, Around])[] = [
  ["layers", (store) => store],
  ["layers under a seal", (store) => encrypted(store, KEY)],
];

describe.each(WAYS)("exclusive work over %s", (_, around) => {
  it("is done again for who comes after it was done, however old the copy", async () => {
    const [one, other] = await known(around);
    expect(await count(one)).toEqual({ before: 0, result: 1, after: 1 });
    expect(await count(other)).toEqual({ before: 0, result: 2, after: 2 });
  });

  it("is done once for who comes while it is done, and tells all at its end", async () => {
    const [one, other] = await known(around);
    const { begun, end, done } = working(one);
    await begun.passed;
    const others = [1, 2, 3].map(() => count(other, { wait: "5s" }));
    await quiet();
    end.open();
    const told = { before: 0, result: 1, after: 1 };
    expect(await Promise.all(others)).toEqual([told, told, told]);
    await done;
  });

  it("leaves those who waited with a copy of what they have found", async () => {
    const [one, other, origin] = await known(around);
    const { begun, end, done } = working(one);
    await begun.passed;
    const waiting = count(other, { wait: "5s" });
    await quiet();
    end.open();
    await Promise.all([done, waiting]);
    const { loads } = origin;
    const { json } = await other.visit((session) => session.get("n"));
    expect([json, origin.loads]).toEqual([1, loads]);
  });
});
