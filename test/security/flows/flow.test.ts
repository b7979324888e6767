import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../../src/index.ts";
import { FlowError, flow, type InFlow } from "../../../src/security/flows/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { MINUTE } from "../../laws/support/clock.ts";
import { times, World } from "../../laws/support/world.ts";
import { yielding } from "../../laws/support/wrapped-store.ts";

const reset = flow("password-reset", {
  steps: ["asked", "proved"],
  expiresIn: "15m",
}).holding<{ account: string; tries?: number }>();
const signUp = flow("sign-up", {
  steps: ["asked", "proved"],
  expiresIn: "15m",
}).holding<{ account: string }>();

const reasonOf = (failure: unknown): unknown =>
  failure instanceof FlowError ? [failure.code, failure.status, failure.reason] : failure;

const none = ["ERR_SESSION_FLOW", 400, "none"];
const order = ["ERR_SESSION_FLOW", 400, "order"];

async function asked(world = new World(), account = "ada"): Promise<Browser> {
  const browser = world.browser();
  await browser.visit((session) => reset.begin(session, { account }));
  return browser;
}

const at = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => reset.at(session) ?? null)).json;

const tried = async (
  browser: Browser,
  act: (session: Session<Untyped>) => Promise<unknown>,
): Promise<unknown> => (await browser.visit((session) => act(session).catch(reasonOf))).json;

describe("a flow", () => {
  it("goes from its first step to its last, and is finished once", async () => {
    const browser = await asked();
    expect(await tried(browser, (session) => reset.step(session, "proved"))).toMatchObject({
      flow: "password-reset",
      step: "proved",
      state: { account: "ada" },
    });
    expect(await tried(browser, (session) => reset.finish(session))).toEqual({ account: "ada" });
    expect(await tried(browser, (session) => reset.finish(session))).toEqual(none);
    expect(await at(browser)).toBeNull();
  });

  it("is finished once among parallel requests of several processes", async () => {
    const world = new World();
    const browser = await asked(world);
    await browser.visit((session) => reset.step(session, "proved"));
    world.switch.behave = yielding;
    const processes = await times(3, async () => world.process());
    const ended = await times(9, (index) =>
      tried(browser.copy(processes[index % 3]), (session) => reset.finish(session)),
    );
    expect(ended.filter((each) => !Array.isArray(each))).toEqual([{ account: "ada" }]);
    expect(ended.filter((each) => Array.isArray(each))).toEqual(Array(8).fill(none));
  });

  it("takes no step out of order [WSTG-SESS-08]", async () => {
    const browser = await asked();
    expect(await tried(browser, (session) => reset.finish(session))).toEqual(order);
    await browser.visit((session) => reset.step(session, "proved"));
    expect(await tried(browser, (session) => reset.step(session, "proved"))).toEqual(order);
    await browser.visit((session) => reset.begin(session, { account: "eve" }));
    expect(await at(browser)).toMatchObject({ step: "asked", state: { account: "eve" } });
  });

  it("satisfies no other flow, no key of the data, and signs nobody in [WSTG-SESS-08]", async () => {
    const browser = await asked();
    await browser.visit((session) => reset.step(session, "proved"));
    const { json } = await browser.visit(async (session) => [
      signUp.at(session) ?? null,
      await signUp.finish(session).catch(reasonOf),
      session.userId ?? null,
      [...session.entries()],
      session.isFresh("1h"),
    ]);
    expect(json).toEqual([null, none, null, [], false]);
  });

  it("cannot be made of data, whatever a form may have put there [WSTG-SESS-08]", async () => {
    const browser = await new World().returning({
      m: { "password-reset": { step: "proved", state: { account: "eve" }, endsAt: 9e15 } },
      "password-reset": { step: "proved", account: "eve" },
    });
    expect(await at(browser)).toBeNull();
  });

  it("ends by itself", async () => {
    const world = new World();
    const browser = await asked(world);
    world.clock.move(10 * MINUTE);
    await browser.visit((session) => reset.step(session, "proved"));
    world.clock.move(5 * MINUTE - 1);
    expect(await at(browser)).toMatchObject({ step: "proved" });
    world.clock.move(1);
    expect(await at(browser)).toBeNull();
    expect(await tried(browser, (session) => reset.finish(session))).toEqual(none);
  });

  it.each<[string, (session: Session<Untyped>) => Promise<void>]>([
    ["a sign-in", (session) => session.signIn("ada", { keep: "all" })],
    ["a sign-out", (session) => session.signOut()],
    ["whoever gives it up", (session) => reset.abandon(session)],
  ])("is ended by %s [CVE-2022-35943]", async (_, act) => {
    const browser = await asked();
    await browser.visit((session) => act(session));
    expect(await at(browser)).toBeNull();
  });

  it("goes on through a new token, and through the step-up that it asks for", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    await browser.visit((session) => reset.begin(session, { account: "ada" }));
    await browser.visit((session) => session.regenerate());
    await browser.visit((session) => session.signIn("ada", { factors: ["totp"] }));
    expect(await at(browser)).toMatchObject({ step: "asked" });
    await browser.visit((session) => session.signIn("bob"));
    expect(await at(browser)).toBeNull();
  });

  it("stands beside others, eight at the most", async () => {
    const browser = await asked();
    await browser.visit((session) => signUp.begin(session, { account: "bob" }));
    expect(await at(browser)).toMatchObject({ state: { account: "ada" } });
    await browser.visit(async (session) => {
      for (const name of ["a", "b", "c", "d", "e", "f", "g"]) {
        const other = flow(name, { steps: ["one"], expiresIn: "1h" }).holding<object>();
        await other.begin(session, {});
      }
    });
    expect(await at(browser)).toBeNull();
    const { json } = await browser.visit((session) => signUp.at(session)?.state);
    expect(json).toEqual({ account: "bob" });
  });

  it("keeps its state as it was, whatever is done to what it shows", async () => {
    const browser = await asked();
    await browser.visit((session) => {
      const shown = reset.at(session);
      if (shown !== undefined) shown.state.account = "eve";
    });
    expect(await at(browser)).toMatchObject({ state: { account: "ada" } });
  });

  it("takes another state with a step", async () => {
    const browser = await asked();
    const state = { account: "ada", tries: 2 };
    await browser.visit((session) => reset.step(session, "proved", state));
    expect(await tried(browser, (session) => reset.finish(session))).toEqual(state);
  });

  it.each<[string, unknown, string]>([
    ["a userId", { account: "ada", userId: "ada" }, "a flow holds no userId"],
    ["what is no object", "ada", "must be an object"],
    ["what JSON would lose", { account: new Date() }, "password-reset.account"],
    ["too much", { account: "x".repeat(5_000) }, "4096 bytes"],
  ])("holds not %s", async (_, state, message) => {
    const { json } = await new World()
      .browser()
      .visit((session) =>
        reset.begin(session, state as never).catch((error: Error) => error.message),
      );
    expect(json).toContain(message);
  });

  it("refuses a name, steps and a time that are none", async () => {
    const options = { steps: ["one"], expiresIn: "1h" } as const;
    expect(() => flow("__proto__", options)).toThrow("flow(name)");
    expect(() => flow("a", { ...options, steps: [] as never })).toThrow("flow(steps)");
    expect(() => flow("a", { ...options, steps: ["one", "one"] })).toThrow("flow(steps)");
    expect(() => flow("a", { ...options, steps: [""] })).toThrow("flow(steps)");
    expect(() => flow("a", { ...options, expiresIn: "soon" as never })).toThrow("flow(expiresIn)");
    expect(() => flow("a", { ...options, ttl: 1 } as never)).toThrow("flow.ttl");
    const browser = await asked();
    const step = browser.visit((session) =>
      reset.step(session, "asked").catch((error: Error) => error.message),
    );
    expect((await step).json).toContain("flow.step(to)");
  });

  it("begins with the visitor's next request where their session has ended", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const old = browser.copy();
    await browser.visit((session) => session.signOut());
    await old.visit((session) => reset.begin(session, { account: "ada" }));
    expect(await at(old)).toMatchObject({ step: "asked" });
  });
});

it("a flow begins only where its cookie can go, and before the first byte", async () => {
  const { sessions } = new World();
  const failures: string[] = [];
  const note = (error: Error): void => void failures.push(error.name);
  await sessions.handle(new Request("http://shop.example/"), async (request) => {
    const session = await sessions.open(request);
    await reset.begin(session, { account: "ada" }).catch(note);
    return new Response();
  });
  const browser = await asked();
  await browser.visit(async (session) => {
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      await reset.step(session, "proved").catch(note);
      controller.close();
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
  expect(failures).toEqual(["InsecureConnectionError", "HeadersSentError"]);
});

describe("the types of flows", () => {
  it("keep one flow from standing in for another", () => {
    const takesReset = (run: InFlow<"password-reset", "asked" | "proved", { account: string }>) =>
      run.flow;
    const inSignUp = (session: object): unknown => {
      const run = signUp.at(session);
      // @ts-expect-error The name of the flow is part of the type.
      return run && takesReset(run);
    };
    expect(inSignUp).toBeTypeOf("function");
  });

  it("hold nobody's userId, and what JSON carries", () => {
    const named = flow("a", { steps: ["one"], expiresIn: "1h" });
    // @ts-expect-error A flow proves nobody's identity.
    named.holding<{ userId: string }>();
    // @ts-expect-error JSON carries no Date.
    named.holding<{ at: Date }>();
    // @ts-expect-error There is no such step.
    const missing = (session: object) => reset.step(session, "done");
    expect(missing).toBeTypeOf("function");
  });
});
