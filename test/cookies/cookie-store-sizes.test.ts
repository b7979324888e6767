import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CookieTooLargeError } from "../../src/index.ts";
import type { Browser } from "../laws/support/browser.ts";
import { MINUTE } from "../laws/support/clock.ts";
import { COOKIE, CookieWorld, newKey, SEEN } from "./support/cookie-world.ts";

const chunk = (at: number): string => `${COOKIE}-${at}`;
const readBack = async (browser: Browser, key = "n"): Promise<unknown> =>
  (await browser.visit((session) => session.get(key) ?? null)).json;
/** What no compression would shrink. */
const text = (bytes: number): string => randomBytes(bytes).toString("hex").slice(0, bytes);
const sizes = (cookies: readonly string[]): number[] =>
  cookies.map((line) => {
    const [pair = ""] = line.split(";", 1);
    return pair.length - 1;
  });
const namesOf = (browser: Browser): string[] => [...browser.jar.keys()].sort();

describe("a session that outgrows its cookie", () => {
  it("fails before anything is sent, naming the largest keys and the way out [ASVS 3.3.5]", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada", { theme: "dark" });
    const before = browser.token;
    let caught: unknown;
    const answer = await browser.visit(async (session) => {
      session.set("cart", text(2000));
      session.set("history", text(3000));
      session.set("small", 1);
      caught = await session.save().catch((error: unknown) => error);
      throw caught;
    });
    expect([answer.status, answer.cookies, browser.token]).toEqual([500, [], before]);
    expect(caught).toBeInstanceOf(CookieTooLargeError);
    expect(caught).toMatchObject({ code: "ERR_SESSION_COOKIE_SIZE", status: 500, maxBytes: 3072 });
    const { message } = caught as Error;
    expect(message).toContain('"history" (3002 bytes), "cart" (2002 bytes), "theme" (6 bytes)');
    expect(message).toContain('sqliteStore("sessions.db") from "sojourn/sqlite"');
    expect(world.heard.some(({ name }) => name === "storeError")).toBe(false);
    expect(await readBack(browser, "theme")).toBe("dark");
  });

  it("fails at the end of the handler too, as a 500 without a cookie", async () => {
    const browser = await new CookieWorld().signedIn();
    const answer = await browser.visit((session) => session.set("cart", text(4000)));
    expect([answer.status, answer.cookies]).toEqual([500, []]);
  });

  it("fails at sign-in, which leaves the old session as it was", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.set("n", text(2000)));
    const answer = await browser.visit((session) => session.signIn("a".repeat(500)));
    expect([answer.status, answer.cookies]).toEqual([500, []]);
    expect(await readBack(browser)).toHaveLength(2000);
  });

  it("drops the oldest messages that nobody took, before a change fails for them", async () => {
    const browser = await new CookieWorld().signedIn();
    for (let n = 0; n < 40; n += 1) {
      const answer = await browser.visit((session) => session.flash("note", `${n} ${text(200)}`));
      expect(answer.status).toBe(200);
    }
    expect((await browser.visit((session) => session.set("n", text(1500)))).status).toBe(200);
    const { json } = await browser.visit((session) => session.take("note"));
    expect(Number.parseInt(String(json), 10)).toBeGreaterThan(25);
    expect(await readBack(browser)).toHaveLength(1500);
  });

  it("counts messages too", async () => {
    const browser = await new CookieWorld().signedIn();
    let message = "";
    await browser.visit(async (session) => {
      session.flash("notice", text(4000));
      await session.save().catch((error: Error) => {
        message = error.message;
      });
    });
    expect(message).toMatch(/flash messages \(40\d\d bytes\)/);
  });

  it.each([
    [{}, 3_072, 1_980],
    [{ maxBytes: 4_096 }, 4_096, 2_700],
    [{ maxBytes: 1_500 }, 1_500, 800],
  ])(
    "takes what fits to the last step, and never sends more, with %j",
    async (cookies, most, room) => {
      const world = new CookieWorld({ cookies });
      const browser = await world.signedIn();
      let largest = 0;
      for (let bytes = room - 200; bytes < room + 400; bytes += 10) {
        const { status, cookies } = await browser.visit((session) => session.set("n", text(bytes)));
        if (status !== 200) break;
        largest = bytes;
        expect(Math.max(...sizes(cookies))).toBeLessThanOrEqual(most);
        expect(await readBack(browser)).toHaveLength(bytes);
      }
      expect(largest).toBeGreaterThan(room);
      expect(largest).toBeLessThan(room + 200);
    },
  );

  it.each([
    [{}, 2_500, "cookieStore({ maxBytes: 4096 })"],
    [{}, 4_500, "cookieStore({ chunks: 2 })"],
    [{}, 5_600, "cookieStore({ chunks: 2, maxBytes: 8192 })"],
    [{}, 10_300, "cookieStore({ chunks: 4, maxBytes: 14336 })"],
    [{ chunks: 2 }, 5_600, "cookieStore({ chunks: 2, maxBytes: 8192 })"],
    [{ chunks: 4 }, 5_600, "cookieStore({ chunks: 4, maxBytes: 14336 })"],
    [{ chunks: 4, maxBytes: 4_096 }, 4_500, "cookieStore({ chunks: 4 })"],
    [{}, 10_700, undefined],
  ])("with %j and %i bytes says which options make room: %s", async (cookies, bytes, options) => {
    const failureOf = async (given: object): Promise<string | undefined> => {
      const browser = await new CookieWorld({ cookies: given }).signedIn();
      let message: string | undefined;
      await browser.visit(async (session) => {
        session.set("n", text(bytes));
        await session.save().catch((error: Error) => {
          message = error.message;
        });
      });
      return message;
    };
    const message = await failureOf(cookies);
    expect(/cookieStore\(.*\)(?=;)/.exec(message ?? "")?.[0]).toBe(options);
    if (options === undefined) return;
    const [, chunks = 1] = /chunks: (\d)/.exec(options) ?? [];
    const [, maxBytes] = /maxBytes: (\d+)/.exec(options) ?? [];
    const followed = { chunks: Number(chunks), ...(maxBytes && { maxBytes: Number(maxBytes) }) };
    expect(await failureOf(followed)).toBeUndefined();
  });

  it("in chunks too stays within one header line of common proxies, beside the idle clock", async () => {
    const browser = await new CookieWorld({ cookies: { chunks: 4 } }).signedIn();
    let longest = 0;
    for (let bytes = 4_000; bytes < 8_000; bytes += 50) {
      if ((await browser.visit((session) => session.set("n", text(bytes)))).status !== 200) break;
      browser.jar.set(SEEN, "x".repeat(264));
      const line = [...browser.jar].map(([name, value]) => `${name}=${value}`).join("; ");
      longest = Math.max(longest, `Cookie: ${line}`.length);
    }
    expect(longest).toBeGreaterThan(7_500);
    expect(longest).toBeLessThan(8_190 - 256);
  });
});

describe("a session in chunks", () => {
  const wide = { chunks: 4, maxBytes: 14_336 };
  const chunked = (): CookieWorld => new CookieWorld({ cookies: wide });
  const large = async (world: CookieWorld, bytes = 8_500): Promise<Browser> => {
    const browser = await world.signedIn();
    await browser.visit((session) => session.set("n", text(bytes)));
    return browser;
  };

  it("uses as many cookies as it needs, each of 4096 bytes at most [ASVS 3.3.5]", async () => {
    const browser = await chunked().signedIn();
    const seen: number[] = [];
    for (const bytes of [100, 2_500, 4_000, 5_500, 8_500, 9_900]) {
      const { cookies } = await browser.visit((session) => session.set("n", text(bytes)));
      expect(Math.max(...sizes(cookies))).toBeLessThanOrEqual(4096);
      expect(await readBack(browser)).toHaveLength(bytes);
      seen.push(browser.jar.size);
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 4]);
  });

  it("is bound in all: beyond 14336 bytes it fails", async () => {
    const browser = await chunked().signedIn();
    let caught: unknown;
    await browser.visit(async (session) => {
      session.set("n", text(10_700));
      caught = await session.save().catch((error: unknown) => error);
    });
    expect(caught).toMatchObject({ maxBytes: 14_336 });
  });

  it("is bound by the number of chunks", async () => {
    const browser = await new CookieWorld({ cookies: { chunks: 2, maxBytes: 8_192 } }).signedIn();
    let caught: unknown;
    await browser.visit(async (session) => {
      session.set("n", text(6_200));
      caught = await session.save().catch((error: unknown) => error);
    });
    expect(caught).toMatchObject({ maxBytes: 8_192 });
  });

  it("sweeps what is left over when it shrinks, and when it ends", async () => {
    const browser = await large(chunked());
    expect(namesOf(browser)).toEqual([chunk(0), chunk(1), chunk(2)]);
    await browser.visit((session) => session.set("n", text(4_000)));
    expect(namesOf(browser)).toEqual([chunk(0), chunk(1)]);
    await browser.visit((session) => session.set("n", 1));
    expect(namesOf(browser)).toEqual([COOKIE]);
    expect(await readBack(browser)).toBe(1);
    await browser.visit((session) => session.set("n", text(8_500)));
    expect(namesOf(browser)).toEqual([chunk(0), chunk(1), chunk(2)]);
    await browser.visit((session) => session.signOut());
    expect(namesOf(browser)).toEqual([]);
  });

  it.each<[string, (browser: Browser, other: Browser) => void, string]>([
    ["the first is missing", ({ jar }) => jar.delete(chunk(0)), "malformed"],
    ["one in the middle is missing", ({ jar }) => jar.delete(chunk(1)), "malformed"],
    ["the last is missing", ({ jar }) => jar.delete(chunk(2)), "malformed"],
    [
      "two are exchanged",
      ({ jar }) => {
        const [one, other] = [jar.get(chunk(1)) ?? "", jar.get(chunk(2)) ?? ""];
        jar.set(chunk(1), other.padEnd(one.length, "A")).set(chunk(2), one.slice(0, other.length));
      },
      "altered",
    ],
    [
      "one is there twice",
      ({ jar }) => jar.set(chunk(2), (jar.get(chunk(1)) ?? "").slice(0, jar.get(chunk(2))?.length)),
      "altered",
    ],
    [
      "one is another session's",
      ({ jar }, other) => jar.set(chunk(1), other.jar.get(chunk(1)) ?? ""),
      "altered",
    ],
    [
      "the first is another session's",
      ({ jar }, other) => jar.set(chunk(0), other.jar.get(chunk(0)) ?? ""),
      "altered",
    ],
    [
      "the count was lowered",
      ({ jar }) => {
        jar.set(chunk(0), `2${(jar.get(chunk(0)) ?? "").slice(1)}`);
      },
      "malformed",
    ],
    [
      "the count was raised, and a chunk added",
      ({ jar }) => {
        jar.set(chunk(0), `4${(jar.get(chunk(0)) ?? "").slice(1)}`).set(chunk(3), "");
      },
      "altered",
    ],
    [
      "there is no count",
      ({ jar }) => {
        jar.set(chunk(0), (jar.get(chunk(0)) ?? "").slice(2));
      },
      "malformed",
    ],
    [
      "a letter was changed",
      ({ jar }) => {
        const text = jar.get(chunk(1)) ?? "";
        jar.set(chunk(1), `${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`);
      },
      "altered",
    ],
  ])("is refused where %s", async (_name, tamper, reason) => {
    const world = chunked();
    const [browser, other] = [await large(world), await large(world)];
    tamper(browser, other);
    expect(await readBack(browser)).toBeNull();
    // The end of another text may not be canonical, which is seen before the seal is.
    expect(world.reasons).toEqual([expect.stringMatching(`^(malformed|${reason})$`)]);
  });

  it("is refused where its count is spelled in another way, though all chunks are there", async () => {
    const world = new CookieWorld({ cookies: { chunks: 3, maxBytes: 12_288 } });
    const browser = await large(world);
    const first = browser.jar.get(chunk(0)) ?? "";
    expect(first).toMatch(/^3\./);
    for (const count of ["3,", "3A", "A.", "..", "33", "0.", "1.", "9.", "4.", "2."]) {
      browser.jar.set(chunk(0), count + first.slice(2));
      expect(await readBack(browser.copy())).toBeNull();
    }
    browser.jar.set(chunk(0), first);
    expect(await readBack(browser)).toHaveLength(8_500);
  });

  it("is whole beside what an earlier one has left", async () => {
    const world = chunked();
    const browser = await large(world);
    const leftover = browser.jar.get(chunk(2)) ?? "";
    await browser.visit((session) => session.set("n", 1));
    browser.jar.set(chunk(2), leftover);
    expect(await readBack(browser)).toBe(1);
    expect(world.reasons).toEqual([]);
    await browser.visit((session) => session.set("n", 2));
    expect(namesOf(browser)).toEqual([COOKIE]);
  });

  it("counts by what was used last, where responses have left both forms", async () => {
    const world = chunked();
    const browser = await world.signedIn();
    const small = browser.token ?? "";
    world.clock.move(MINUTE);
    await browser.visit((session) => session.set("n", text(5_000)));
    browser.token = small;
    expect(await readBack(browser)).toHaveLength(5_000);
    expect(world.reasons).toEqual([]);
    await browser.visit((session) => session.set("m", 1));
    expect(namesOf(browser)).toEqual([chunk(0), chunk(1)]);
  });

  it("does not send them again for the idle clock, but for a new key", async () => {
    const [old, fresh] = [newKey(), newKey()];
    const world = new CookieWorld({ cookies: wide, keys: [old] });
    const browser = await large(world);
    world.clock.move(5 * MINUTE);
    const { cookies } = await browser.visit((session) => session.userId);
    expect(cookies.map((line) => line.split("=")[0])).toEqual([SEEN]);
    const turned = browser.copy(world.process({ keys: [fresh, old] }));
    world.clock.move(5 * MINUTE);
    const again = await turned.visit((session) => session.userId);
    expect(again.cookies).toHaveLength(4);
    expect(await readBack(turned.copy(world.process({ keys: [fresh] })))).toHaveLength(8_500);
  });
});
