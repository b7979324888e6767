import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { newToken } from "../../src/core/token.ts";
import { HOUR, MINUTE } from "./support/clock.ts";
import { World } from "./support/world.ts";

describe("a token", () => {
  it("shows no pattern: each of its bits is as often one as zero, and changes as often [WSTG-SESS-01]", () => {
    const random = pooledRandom();
    const count = 20_000;
    const ones = new Uint32Array(256);
    const changes = new Uint32Array(256);
    let previous = Buffer.alloc(32);
    for (let drawn = 0; drawn < count; drawn += 1) {
      const bytes = Buffer.from(newToken(random), "base64url");
      for (let bit = 0; bit < 256; bit += 1) {
        const mask = 1 << (bit & 7);
        ones[bit] = (ones[bit] ?? 0) + Number(((bytes[bit >> 3] ?? 0) & mask) !== 0);
        const changed = ((bytes[bit >> 3] ?? 0) ^ (previous[bit >> 3] ?? 0)) & mask;
        changes[bit] = (changes[bit] ?? 0) + Number(changed !== 0);
      }
      previous = bytes;
    }
    // Seven standard deviations: by chance once in a thousand million runs.
    const bound = 7 * Math.sqrt(count / 4);
    for (const counted of [...ones, ...changes]) {
      expect(Math.abs(counted - count / 2)).toBeLessThan(bound);
    }
  });

  it("counts in the cookie alone, in no address, form or other header [ASVS 14.2.1, WSTG-SESS-04]", async () => {
    const world = new World();
    const { token = "" } = await world.signedIn("ada");
    const names = ["session", "__Host-Http-session", "sid", "token", "SESSIONID"];
    const query = names.map((name) => `${name}=${token}`).join("&");
    const headers = Object.fromEntries(
      names.map((name) => [`x-${name}`.replaceAll("_", ""), token]),
    );
    const ways = [
      { path: `/?${query}` },
      { path: `/;${query.replaceAll("&", ";")}` },
      { headers: { ...headers, authorization: `Bearer ${token}` } },
    ];
    for (const way of ways) {
      const { json } = await world.browser().visit((session) => session.userId ?? null, way);
      expect([way, json]).toEqual([way, null]);
    }
    const form = new Request("https://localhost/", {
      method: "POST",
      body: new URLSearchParams(query),
    });
    const answer = await world.sessions.handle(form, async (request) =>
      Response.json((await world.sessions.open(request)).userId ?? null),
    );
    expect(await answer.json()).toBeNull();
  });
});

describe("who proves again who they are", () => {
  it("gets a new token, and the old one is dead [ASVS 7.2.4, WSTG-SESS-03]", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const copied = browser.copy();
    await browser.visit((session) => session.signIn("ada"));
    expect(browser.token).not.toBe(copied.token);
    expect((await copied.visit((session) => session.userId ?? null)).json).toBeNull();
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
  });

  it("is the one who has just signed in, not whom the browser remembers [NIST 5.1 remembered]", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    world.clock.move(16 * HOUR);
    const look = () => browser.visit((session) => [session.userId, session.isFresh("10m")]);
    expect((await look()).json).toEqual(["ada", false]);
    await browser.visit((session) => session.signIn("ada"));
    world.clock.move(9 * MINUTE);
    expect((await look()).json).toEqual(["ada", true]);
  });
});

describe("what one flow notes", () => {
  it("signs nobody in, whatever its name (session puzzling) [WSTG-SESS-08]", async () => {
    const world = new World();
    const browser = world.browser();
    const keys = ["userId", "user", "signedInAt", "authenticatedAt", "generation", "persistent"];
    await browser.visit((session) => {
      for (const key of keys) session.set(key, "ada");
    });
    const { json } = await browser.visit((session) => [
      session.userId ?? null,
      session.persistent,
      session.isFresh("10m"),
    ]);
    expect(json).toEqual([null, false, false]);
    expect(await world.sessions.list({ userId: "ada" })).toEqual([]);
  });
});
