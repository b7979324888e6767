import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Session, Untyped } from "../../src/index.ts";
import { MINUTE } from "./support/clock.ts";
import { gate, quiet, times, World } from "./support/world.ts";
import { yielding } from "./support/wrapped-store.ts";

/** A body that is asked for nothing before the headers are out. */
function streamed(
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
): Response {
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
}

describe("a reader", () => {
  it("costs one load and no write, and gets no cookie", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"], n: 1 });
    world.switch.forget();
    world.clock.move(MINUTE);
    const answer = await browser.visit((session) => {
      const seen = [session.get("cart"), session.has("n"), session.id, session.isNew];
      return [...seen, ...session.entries(), session.take("note"), session.isFresh("1m")];
    });
    expect(world.switch.calls).toEqual(["load"]);
    expect(answer.cookies).toEqual([]);
    expect(answer.headers.get("vary")).toBe("Cookie");
  });

  it("opens once however often it asks, even at the same time", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.forget();
    world.switch.behave = yielding;
    const opened = await browser.request(async (request) => {
      const all = await times(10, () => world.sessions.open(request));
      return Response.json(all.every((session) => session === all[0]));
    });
    expect(opened.json).toBe(true);
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("is touched at most once in a tenth of the idle timeout", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.forget();
    for (let second = 0; second < 30 * 60; second += 10) {
      world.clock.move(10_000);
      const { cookies } = await browser.visit((session) => session.get("seen"));
      expect(cookies).toEqual([]);
    }
    expect(world.switch.count("touch")).toBe(10);
    expect(world.switch.count("update", "create", "end")).toBe(0);
  });

  it("is not touched by a prefetch", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.forget();
    world.clock.move(10 * MINUTE);
    await browser.visit((session) => session.get("seen"), {
      headers: { "sec-purpose": "prefetch" },
    });
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("reads without an adapter at the cost of one load, and touches nothing", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    world.switch.forget();
    world.clock.move(10 * MINUTE);
    const headers = new Headers({ cookie: `__Host-Http-session=${browser.token}` });
    const view = await world.sessions.read(headers);
    expect(view?.get("n")).toBe(1);
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("that changes a value in place in a read-only view changes nothing", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"] });
    const headers = new Headers({ cookie: `__Host-Http-session=${browser.token}` });
    const view = await world.sessions.read(headers);
    view?.get("cart").push("pear");
    const { json } = await browser.visit((session) => session.get("cart"));
    expect(json).toEqual(["apple"]);
  });
});

describe("what is not touched costs nothing", () => {
  it("no open: no store call, no cookie, and the response as it was", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.forget();
    const response = new Response("plain");
    const answer = await browser.request(() => response);
    expect(world.switch.calls).toEqual([]);
    expect([...answer.headers.keys()]).toEqual(["content-type"]);
  });

  it("a new visitor who stores nothing: no call, no record, no cookie", async () => {
    const world = new World();
    const answer = await world.browser().visit((session) => [session.isNew, session.get("n")]);
    expect(answer.json).toEqual([true, null]);
    expect(answer.cookies).toEqual([]);
    expect(world.switch.calls).toEqual([]);
  });

  const NOTHINGS: Record<string, (session: Session<Untyped>) => unknown> = {
    clear: (session) => session.clear(),
    delete: (session) => session.delete("theme"),
    "set to the default": (session) => session.set("theme", "light"),
    "set and delete": (session) => {
      session.set("other", 1);
      session.delete("other");
    },
    take: (session) => session.take("note"),
    takeAll: (session) => session.takeAll(),
    consume: (session) => session.consume("theme"),
    save: (session) => session.save(),
    signOut: (session) => session.signOut(),
    regenerate: (session) => session.regenerate(),
    destroy: (session) => session.destroy(),
    "persistent set and unset": (session) => {
      session.persistent = true;
      session.persistent = false;
    },
  };
  const schema = z.object({ theme: z.string().default("light") }).loose();
  const SHAPES: Record<string, Record<string, unknown>> = {
    "no shape": {},
    defaults: { defaults: { theme: "light" } },
    "a schema with defaults": { schema },
  };
  const pairs = Object.keys(SHAPES).flatMap((shape) =>
    Object.keys(NOTHINGS)
      .filter((name) => shape !== "no shape" || name !== "set to the default")
      .map((name) => [name, shape] as const),
  );

  it.each(pairs)(
    "a new visitor for whom the application calls %s, with %s [CVE-2015-5963, CVE-2015-5964]",
    async (name, shape) => {
      const world = new World(SHAPES[shape]);
      const answer = await world.browser().visit(NOTHINGS[name] ?? (() => undefined));
      expect(world.switch.count("create", "update", "end")).toBe(0);
      expect(answer.cookies).toEqual([]);
    },
  );

  it("ten thousand visitors without a cookie, or with a bogus one: no row [CVE-2015-5143]", async () => {
    const world = new World();
    const bogus = ["", "x", "A".repeat(43), "s_".padEnd(45, "A"), "%41".repeat(20)];
    await times(10_000, async (n) => {
      const browser = world.browser();
      const token = bogus[n % (bogus.length + 1)];
      if (token !== undefined) browser.token = token;
      await browser.visit((session) => session.get("n"));
    });
    expect(await world.live()).toBe(0);
    expect(world.switch.count("create", "update", "touch", "end")).toBe(0);
  });
});

describe("a cookie that is no token", () => {
  const good = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";
  const FORMS: Record<string, string> = {
    "too short": good.slice(1),
    "too long": `${good}A`,
    "very long": "A".repeat(100_000),
    padded: `${good}=`,
    "base64 with a plus": `+${good.slice(1)}`,
    "base64 with a slash": `/${good.slice(1)}`,
    "with a dot": `.${good.slice(1)}`,
    "with a NUL": `${good.slice(0, 42)}\u0001`,
    quoted: `"${good}"`,
    "percent-encoded": `%41${good.slice(3)}`,
    "an id": `s_${good}`,
    "a path": "../../../../../../../../etc/passwd".padEnd(43, "A"),
    null: "null",
    undefined: "undefined",
    zero: "0",
    empty: "",
    "latin-1": `é${good.slice(1)}`,
  };

  it.each(Object.keys(FORMS))(
    "never reaches the store: %s [CVE-2015-3982] [WSTG-SESS-01]",
    async (name) => {
      const world = new World();
      const browser = world.browser();
      browser.token = String(FORMS[name]);
      const answer = await browser.visit((session) => session.isNew);
      expect(answer).toMatchObject({ status: 200, json: true, cookies: [] });
      expect(world.switch.calls).toEqual([]);
      expect(world.told("rejected")).toMatchObject([{ reason: "malformed", id: undefined }]);
    },
  );

  it("is believed in one spelling of four [node-base64url] [WSTG-SESS-01]", async () => {
    const world = new World();
    const browser = await world.returning();
    const token = String(browser.token);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(token.slice(-1));
    world.switch.forget();
    for (const spare of [1, 2, 3]) {
      const alias = token.slice(0, -1) + alphabet.charAt(last + spare);
      expect(Buffer.from(alias, "base64url")).toEqual(Buffer.from(token, "base64url"));
      const other = browser.copy();
      other.token = alias;
      await other.visit((session) => session.get("seen"));
    }
    expect(world.switch.calls).toEqual([]);
  });

  it("but looks like one is rejected as unknown, left in the browser and never adopted [CVE-2024-38513, CVE-2018-12071, PHP-non-strict] [ASVS 7.2.1, ASVS 7.2.2, WSTG-SESS-03]", async () => {
    const world = new World();
    const browser = world.browser();
    const planted = "A".repeat(43);
    browser.token = planted;
    const read = await browser.visit((session) => session.isNew);
    expect(read).toMatchObject({ json: true, cookies: [] });
    expect(world.told("rejected")).toMatchObject([{ reason: "unknown" }]);
    await browser.visit((session) => session.set("n", 1));
    expect(browser.token).not.toBe(planted);
    const thief = world.browser();
    thief.token = planted;
    expect((await thief.visit((session) => session.has("n"))).json).toBe(false);
  });

  it("of another manager on the same store is unknown here [CVE-2022-46170] [ASVS 3.5.4]", async () => {
    const world = new World();
    const admin = world.process({ name: "admin" });
    const browser = await world.signedIn("ada");
    const headers = { cookie: `__Host-Http-admin=${browser.token}` };
    const request = new Request("https://localhost/", { headers });
    const response = await admin.handle(request, async (request) => {
      const session = await admin.open(request);
      return Response.json([session.isNew, session.userId ?? null]);
    });
    expect(await response.json()).toEqual([true, null]);
  });
});

describe("nothing leaves before it is kept", () => {
  it("the response waits for the store, and comes after it", async () => {
    const world = new World();
    const browser = await world.returning();
    const kept = gate();
    const order: string[] = [];
    world.switch.behave = async (operation, send) => {
      if (operation !== "update") return send();
      await kept.passed;
      const result = await send();
      order.push("kept");
      return result;
    };
    const answer = browser
      .visit((session) => session.set("n", 1))
      .then((answer) => {
        order.push("answered");
        return answer;
      });
    await quiet();
    expect(order).toEqual([]);
    kept.open();
    expect((await answer).status).toBe(200);
    expect(order).toEqual(["kept", "answered"]);
  });

  it("a failing save is a 503, sends no cookie and stores nothing [ASVS 16.5.3]", async () => {
    const world = new World();
    world.switch.behave = () => Promise.reject(new Error("down"));
    const browser = world.browser();
    const answer = await browser.visit((session) => session.set("n", 1));
    expect(answer).toMatchObject({ status: 503, cookies: [] });
    expect(answer.text).not.toContain("down");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("a failing open is a 503, never a silent new session [ASVS 16.5.2, ASVS 16.5.3]", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.behave = () => Promise.reject(new Error("down"));
    const answer = await browser.visit((session) => session.set("n", 1));
    expect(answer).toMatchObject({ status: 503, cookies: [] });
  });

  it("a value that cannot be kept any more is a 500", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"] });
    const answer = await browser.visit((session) => void session.get("cart").push(() => 1));
    expect(answer).toMatchObject({ status: 500, cookies: [] });
  });

  it.each([500, 502, 503, 599])("a %i drops the changes", async (status) => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"] });
    const drop = (session: Session<Untyped>): void => {
      session.set("n", 1);
      session.get("cart").push("pear");
      session.flash("note", "hello");
      session.persistent = true;
    };
    expect(await browser.visit(drop, { status })).toMatchObject({ status, cookies: [] });
    const { json } = await browser.visit((session) => [
      session.has("n"),
      session.get("cart"),
      session.take("note"),
      session.persistent,
    ]);
    expect(json).toEqual([false, ["apple"], null, false]);
  });

  it.each([200, 204, 302, 304, 400, 404, 409, 422])("a %i keeps them", async (status) => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("n", 1), { status });
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
  });

  it("a HEAD commits as a GET does", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.set("n", 1), { method: "HEAD" });
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
  });

  it("a 5xx keeps transitions that were completed, and their cookie", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const answer = await browser.visit(
      async (session) => {
        await session.update("n", (n) => n + 1);
        await session.signIn("ada");
        session.set("dropped", 1);
      },
      { status: 500 },
    );
    expect(answer.cookies).toHaveLength(1);
    const { json } = await browser.visit((session) => [
      session.userId,
      session.get("n"),
      session.has("dropped"),
    ]);
    expect(json).toEqual(["ada", 2, false]);
  });

  it("the cookie of a sign-in goes out although a later change cannot be kept", async () => {
    const world = new World();
    const browser = await world.returning({ cart: [] });
    const answer = await browser.visit(async (session) => {
      await session.signIn("ada");
      session.get("cart").push(1n);
    });
    expect(answer.status).toBe(500);
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
  });

  it("a transition that nobody awaits is waited for all the same", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.behave = yielding;
    const answer = await browser.visit((session) => void session.signIn("ada"));
    expect(answer.cookies).toHaveLength(1);
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
  });

  it("a transition that is still under way when the handler answers fails the answer if it fails", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const answer = await browser.visit((session) => {
      world.switch.behave = async () => {
        await quiet();
        throw new Error("down");
      };
      void session.update("n", (n) => n + 1);
    });
    expect(answer.status).toBe(503);
  });

  it("what changes while the body streams is stored before its end", async () => {
    const world = new World();
    const browser = await world.returning();
    const answer = await browser.request(async (request) => {
      const session = await world.sessions.open(request);
      return streamed((controller) => {
        controller.enqueue(new TextEncoder().encode("part"));
        session.set("n", 1);
        controller.close();
      });
    });
    expect(answer.text).toBe("part");
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
  });

  it("and where that fails, the body is cut rather than ended well", async () => {
    const world = new World();
    const browser = await world.returning();
    const cut = browser.request(async (request) => {
      const session = await world.sessions.open(request);
      return streamed((controller) => {
        controller.enqueue(new TextEncoder().encode("part"));
        session.set("n", 1);
        world.switch.behave = () => Promise.reject(new Error("down"));
        controller.close();
      });
    });
    await expect(cut).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
  });

  it("after the headers, what needs a cookie is refused", async () => {
    const world = new World();
    const browser = await world.returning();
    const { text } = await browser.request(async (request) => {
      const session = await world.sessions.open(request);
      return streamed(async (controller) => {
        const error = await session.signIn("ada").catch((error) => error.code);
        controller.enqueue(new TextEncoder().encode(error));
        controller.close();
      });
    });
    expect(text).toBe("ERR_SESSION_HEADERS_SENT");
  });
});
