import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type OwnCookie, plainCookie, signedCookie } from "../../src/cookies/own/index.ts";
import { newKey } from "../cookies/support/cookie-world.ts";
import type { Answer, Browser } from "./support/browser.ts";
import { World } from "./support/world.ts";

type Name = "theme" | "pass";
type Step =
  | { readonly act: "set"; readonly name: Name; readonly value: string }
  | { readonly act: "delete"; readonly name: Name }
  | { readonly act: "read"; readonly name: Name }
  | { readonly act: "open" | "write" | "signIn" | "destroy" };

const name = fc.constantFrom<Name>("theme", "pass");
const value = fc.string({ unit: "grapheme", maxLength: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ act: fc.constant("set" as const), name, value }),
  fc.record({ act: fc.constant("delete" as const), name }),
  fc.record({ act: fc.constant("read" as const), name }),
  fc.record({ act: fc.constantFrom("open" as const, "write", "signIn", "destroy") }),
);
const visit = fc.record({
  steps: fc.array(step, { maxLength: 8 }),
  status: fc.constantFrom(200, 303, 404, 500, 503),
});
type Visit = { readonly steps: readonly Step[]; readonly status: number };

/** An application with two cookies of its own, and what a browser should hold of them. */
class Shop {
  readonly world = new World();
  readonly browser: Browser = this.world.browser();
  readonly cookies: Readonly<Record<Name, OwnCookie<string>>> = {
    theme: plainCookie(this.world.sessions, { name: "theme" }),
    pass: signedCookie<string>(this.world.sessions, { name: "pass", keys: newKey() }),
  };
  readonly held = new Map<Name, string>();

  /** Takes the steps, and checks that each read sees what was said last. */
  async visit({ steps, status }: Visit): Promise<Answer> {
    const expected = new Map(this.held);
    const answer = await this.browser.request(async (request) => {
      for (const one of steps) await this.#take(one, request, expected);
      return new Response(null, { status });
    });
    if (answer.status < 500) {
      this.held.clear();
      for (const [key, text] of expected) this.held.set(key, text);
    }
    return answer;
  }

  async #take(one: Step, request: Request, expected: Map<Name, string>): Promise<void> {
    if ("name" in one) this.#say(one, request, expected);
    else {
      const session = await this.world.sessions.open(request);
      if (session.isEnded) return;
      if (one.act === "write") session.set("visits", Math.random());
      if (one.act === "signIn") await session.signIn("ada");
      if (one.act === "destroy") await session.destroy();
    }
  }

  #say(one: Extract<Step, { name: Name }>, request: Request, expected: Map<Name, string>): void {
    const cookie = this.cookies[one.name];
    if (one.act === "set") {
      cookie.set(request, one.value);
      expected.set(one.name, one.value);
    }
    if (one.act === "delete") {
      cookie.delete(request);
      expected.delete(one.name);
    }
    expect(cookie.get(request)).toBe(expected.get(one.name));
  }
}

function spokenOf(steps: readonly Step[]): Set<Name> {
  return new Set(steps.flatMap((one) => ("name" in one && one.act !== "read" ? one.name : [])));
}

function judge({ status, cookies, headers }: Answer, one: Visit): void {
  expect(status).toBe(one.status);
  const lines = cookies.filter((line) => !line.startsWith("__Host-Http-session="));
  // One line each, however often it was spoken of; the session's own stands beside them.
  expect(lines).toHaveLength(status >= 500 ? 0 : spokenOf(one.steps).size);
  expect(cookies.length - lines.length).toBeLessThanOrEqual(1);
  if (cookies.length > 0) expect(headers.get("cache-control")).toBe("no-store");
  if (one.steps.length > 0) expect(headers.get("vary")).toBe("Cookie");
}

describe("cookies beside the session", () => {
  it("are what was said of them last, whatever else the request did, and nothing with a 5xx", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { maxLength: 5 }), async (visits) => {
        const shop = new Shop();
        for (const one of visits) judge(await shop.visit(one), one);
        await shop.world.sessions.close();
      }),
      { numRuns: 150 },
    );
  });

  it("are each request's own among a hundred at once", async () => {
    const shop = new Shop();
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const browser = shop.world.browser();
        return browser.request(async (request) => {
          shop.cookies.theme.set(request, String(index));
          const session = await shop.world.sessions.open(request);
          session.set("index", index);
          await Promise.resolve();
          return new Response(shop.cookies.theme.get(request));
        });
      }),
    );
    for (const [index, { text, cookies }] of answers.entries()) {
      expect(text).toBe(String(index));
      expect(cookies).toHaveLength(2);
      expect(cookies.some((line) => line.startsWith(`__Host-Http-theme=${index};`))).toBe(true);
    }
  });
});
