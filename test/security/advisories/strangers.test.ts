import { describe, expect, it } from "vitest";
import type { Sessions, Untyped } from "../../../src/index.ts";
import { BrowserJar } from "../../cookies/support/browser-jar.ts";
import type { Handler } from "../../laws/support/browser.ts";
import { HOUR } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

describe("what a stranger has chosen", () => {
  const HOME = "https://shop.example/";
  const visit = async (sessions: Sessions<Untyped>, jar: BrowserJar, handler: Handler) => {
    const request = new Request(HOME, { headers: { cookie: jar.header(HOME) } });
    const response = await sessions.handle(request, async (request) => {
      const result = await handler(await sessions.open(request), request);
      return Response.json(result ?? null);
    });
    jar.store(HOME, response.headers.getSetCookie());
    return response.json();
  };

  it("Auth0-2023: is no session by a cookie from a sibling domain", async () => {
    const { sessions } = new World();
    const [attacker, victim] = [new BrowserJar(), new BrowserJar()];
    await visit(sessions, attacker, (session) => session.set("cart", ["poison"]));
    const planted = attacker.header(HOME).split("=")[1];
    for (const name of ["__Host-Http-session", "__Host-session", "__Secure-session", "session"]) {
      const line = `${name}=${planted}; Domain=shop.example; Path=/; Secure; HttpOnly`;
      victim.store("https://evil.shop.example/", [line]);
    }
    const seen = await visit(sessions, victim, (session) => {
      const cart = session.get("cart") ?? null;
      session.set("address", "the victim's");
      return cart;
    });
    expect(seen).toBeNull();
    await visit(sessions, victim, (session) => session.signIn("ada"));
    const stolen = await visit(sessions, attacker, (session) => [
      session.userId ?? null,
      session.get("address") ?? null,
    ]);
    expect(stolen).toEqual([null, null]);
    expect(await visit(sessions, victim, (session) => session.userId)).toBe("ada");
  });

  it("GHSA-rpx3-f938-xj5q: begins no session by a sign-out, and is believed in none", async () => {
    const world = new World();
    const ended = await world.signedIn("ada", { secret: 1 });
    const expired = await world.signedIn("ada", { secret: 1 });
    const [unknown, nothing] = [world.browser(), world.browser()];
    unknown.token = "A".repeat(43);
    const copy = ended.copy();
    await ended.visit((session) => session.signOut());
    world.clock.move(2 * HOUR);
    for (const browser of [copy, expired, unknown, nothing]) {
      world.switch.forget();
      const { status, json, cookies } = await browser.visit(async (session) => {
        const before = session.userId ?? null;
        await session.signOut({ keep: ["secret"] });
        return [before, session.userId ?? null, session.has("secret")];
      });
      expect([status, json]).toEqual([200, [null, null, false]]);
      expect(world.switch.count("create", "update", "touch")).toBe(0);
      expect(cookies.filter((line) => !line.includes("Max-Age=0"))).toEqual([]);
    }
    expect(await world.live()).toBe(0);
  });
});
