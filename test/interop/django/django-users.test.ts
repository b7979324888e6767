import { beforeEach, describe, expect, it } from "vitest";
import { DjangoTable, KEY } from "../support/django-table.ts";
import { shown } from "../support/django-world.ts";

const NOBODY = { userId: null, values: {} };
let table: DjangoTable;
beforeEach(() => {
  table = new DjangoTable();
});

describe("who is signed in", () => {
  it("is hidden from the data, and asked for once a request", async () => {
    table.put({ ...table.signedIn(), theme: "dark" });
    const { json } = await table.browser().visit(async (session) => {
      session.set("a", 1);
      await session.save();
      session.set("b", 2);
      return { userId: session.userId, values: Object.fromEntries(session.entries()) };
    });
    expect(json).toEqual({
      userId: "1",
      values: { theme: "dark", a: 1, b: 2 },
    });
    expect(table.asked).toEqual(["1"]);
  });

  it("is asked for again in a request that stays open", async () => {
    table.put(table.signedIn());
    await table.browser().visit(async (session) => {
      table.now += 5_000;
      session.set("a", 1);
    });
    expect(table.asked).toEqual(["1", "1"]);
  });

  it("is remembered for as long as is said, over requests", async () => {
    table.put(table.signedIn());
    const browser = table.browser({ passwordFreshness: "1m" });
    await browser.visit(shown);
    table.passwords = {};
    table.now += 59_999;
    expect((await browser.visit(shown)).json).toMatchObject({ userId: "1" });
    table.now += 1;
    expect((await browser.visit(shown)).json).toEqual(NOBODY);
    expect(table.asked).toEqual(["1", "1"]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["has a new password", { "1": "another" }],
    ["is there no more, or not active", {}],
  ])("is nobody once the user %s", async (_, passwords) => {
    table.put(table.signedIn());
    table.passwords = passwords;
    const before = table.found()?.text;
    expect((await table.browser().visit(shown)).json).toEqual(NOBODY);
    expect(table.found()?.text).toBe(before);
  });

  it.each<[string, object]>([
    ["no hash", { _auth_user_hash: undefined }],
    ["an empty hash", { _auth_user_hash: "" }],
    ["no text as its hash", { _auth_user_hash: 7 }],
  ])("is nobody where the session has %s", async (_, given) => {
    const entries = Object.entries({ ...table.signedIn(), ...given });
    table.put(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
    expect((await table.browser().visit(shown)).json).toEqual(NOBODY);
  });

  it("is asked of the application, whose failure is no sign-out", async () => {
    table.put(table.signedIn());
    const passwordOf = async (): Promise<string> => {
      throw new Error("the database is down");
    };
    const { status } = await table.browser({ passwordOf }).visit(shown);
    expect(status).toBeGreaterThanOrEqual(500);
    expect(table.found()).toBeDefined();
  });
});

describe("a fallback of the secret key", () => {
  it("opens what it has signed, and the next write is of the new key throughout", async () => {
    const old = { secretKey: "the old key" };
    table.put({ ...table.signedIn(old), a: 1 }, old);
    const browser = table.browser({ secretKeyFallbacks: ["older", "the old key"] });
    expect((await browser.visit(shown)).json).toEqual({ userId: "1", values: { a: 1 } });
    await browser.visit((session) => session.set("a", 2));
    expect(table.found()?.values).toEqual({ ...table.signedIn(), a: 2 });
  });

  it("that is none opens nothing", async () => {
    const old = { secretKey: "the old key" };
    table.put({ ...table.signedIn(old), a: 1 }, old);
    expect((await table.browser().visit(shown)).json).toEqual(NOBODY);
  });
});

describe("a sign-in here", () => {
  it("is as Django's, with the application's own backend", async () => {
    table.put({ cart: ["tea"] });
    const browser = table.browser({ authBackend: "shop.auth.Backend", factsKey: false });
    await browser.visit((session) => session.signIn("1"));
    expect(table.found()).toBeUndefined();
    expect(table.found(browser.jar.get("sessionid"))?.values).toEqual({
      cart: ["tea"],
      ...table.signedIn(),
      _auth_user_backend: "shop.auth.Backend",
    });
  });

  it.each([
    [32, 32],
    [64, 64],
  ])(
    "draws a new secret against forged requests of the length of the one before: %i",
    async (length, after) => {
      table.put({ cart: ["tea"], _csrftoken: "x".repeat(length) });
      const browser = table.browser();
      await browser.visit((session) => session.signIn("1"));
      const found = table.found(browser.jar.get("sessionid"));
      const values: Readonly<Record<string, unknown>> = found?.values ?? {};
      expect(values["_csrftoken"]).toMatch(new RegExp(`^[A-Za-z0-9]{${after}}$`));
      expect(values["_csrftoken"]).not.toBe("x".repeat(length));
    },
  );

  it("leaves the secret alone where nobody signs in", async () => {
    table.put({ cart: ["tea"], _csrftoken: "x".repeat(32) });
    await table.browser().visit((session) => session.set("cart", []));
    expect(table.found()?.values["_csrftoken"]).toBe("x".repeat(32));
  });

  it("is refused by name where nobody tells the passwords", async () => {
    table.put({ ...table.signedIn(), a: 1 });
    const passwordOf =
      "none: a session outlives its user's password, and nobody signs in to it here";
    const browser = table.browser({ passwordOf });
    expect((await browser.visit(shown)).json).toEqual({ userId: "1", values: { a: 1 } });
    expect((await browser.visit((session) => session.signIn("2"))).status).toBe(503);
    expect(table.told.join()).toContain("passwordOf");
    expect(table.found(KEY)?.values).toMatchObject({ _auth_user_id: "1" });
  });
});

it.each(["2.2", "3.1", "3.1 sha1", "4.0"] as const)(
  "has the hash and the form of Django %s",
  async (version) => {
    table.put({ ...table.signedIn({ version }), a: 1 }, { version });
    const browser = table.browser({ version });
    await browser.visit((session) => session.update("a", (a) => a + 1));
    expect(table.found(KEY, version)?.values).toEqual({ ...table.signedIn({ version }), a: 2 });
  },
);
