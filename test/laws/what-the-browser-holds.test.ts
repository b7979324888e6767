import { describe, expect, it } from "vitest";
import { DAY } from "./support/clock.ts";
import { World } from "./support/world.ts";

describe("a request that another one has overtaken", () => {
  it.each(["signIn", "signOut"] as const)(
    "sends no cookie when it destroys what a %s has taken the place of",
    async (transition) => {
      const world = new World();
      const browser = await world.signedIn("ada", { cart: ["tea"] });
      const other = browser.copy();
      const answer = await browser.visit(async (session) => {
        await other.visit((theirs) =>
          transition === "signIn" ? theirs.signIn("bob") : theirs.signOut({ keep: ["cart"] }),
        );
        await session.destroy();
      });
      expect(answer).toMatchObject({ status: 200, cookies: [] });
      expect((await other.visit((session) => session.isNew)).json).toBe(false);
    },
  );

  it("sends none either where it wrote, and the other one is to be remembered", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const other = browser.copy();
    const answer = await browser.visit(async (session) => {
      await other.visit((theirs) => {
        theirs.persistent = true;
      });
      session.set("n", 1);
    });
    expect(answer).toMatchObject({ status: 200, cookies: [] });
    expect(answer.headers.get("cache-control")).toBe("private");
  });
});

describe("a session that is destroyed", () => {
  it("takes no change in place either, and its cookie goes all the same", async () => {
    const world = new World({ defaults: { cart: [] } });
    const browser = await world.returning({ cart: ["tea"] });
    const answer = await browser.visit(async (session) => {
      await session.destroy();
      session.get("cart").push("cup");
    });
    expect(answer.status).toBe(409);
    expect(answer.cookies).toEqual([expect.stringContaining("Max-Age=0")]);
    expect(await world.live()).toBe(0);
  });
});

describe("a sign-in over a session past its end", () => {
  it("sends no cookie where it fails: another request may have sent a newer one", async () => {
    const world = new World({ idleTimeout: "3d", absoluteTimeout: "3d", storeTimeout: 300 });
    const browser = await world.returning();
    const answer = await browser.visit(async (session) => {
      world.clock.move(4 * DAY);
      world.switch.behave = () => Promise.reject(new Error("the store is away"));
      await session.signIn("ada");
    });
    expect(answer).toMatchObject({ status: 503, cookies: [] });
  });
});

describe("a page that was shown to a user", () => {
  it("is private though the session ended in the same request that began it", async () => {
    const world = new World();
    const answer = await world.browser().visit(async (session) => {
      await session.signIn("ada");
      await session.signOut();
    });
    expect(answer.cookies).toEqual([]);
    expect(answer.headers.get("cache-control")).toBe("private");
  });
});

describe("of more cookies than are tried", () => {
  it("one that was on its way when its session ended is late, and begins no session", async () => {
    const world = new World({ cookie: { prefix: "" } });
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada"));
    const token = browser.jar.get("session");
    await browser.visit((session) => session.signOut());
    const strays = ["A", "E", "I", "M", "Q"].map((end) => "A".repeat(42) + end);
    const cookie = [token, ...strays].map((value) => `session=${value}`).join("; ");
    const late = world.browser();
    const answer = await late.visit((session) => session.set("n", 1), { headers: { cookie } });
    expect(answer.status).toBe(409);
    expect(await world.live()).toBe(0);
  });
});

describe("a visitor whose answer is on its way", () => {
  it("begins no session by a change in place, as no cookie would lead to it", async () => {
    const world = new World({ defaults: { cart: [] } });
    const browser = world.browser();
    const answer = browser.visit((session) => {
      const cart = session.get("cart");
      const body = {
        pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
          cart.push("tea");
          controller.enqueue(new TextEncoder().encode("served"));
          controller.close();
        },
      };
      // Asked for when it is read, once the headers are out.
      return new Response(new ReadableStream(body, { highWaterMark: 0 }));
    });
    await expect(answer).rejects.toMatchObject({ code: "ERR_SESSION_HEADERS_SENT" });
    expect(await world.live()).toBe(0);
  });
});
