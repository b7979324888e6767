import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { createSessions } from "../../src/create-sessions.ts";
import { type SvelteKitEvent, sessionHandle } from "../../src/frameworks/sveltekit.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";

type Cookie = Parameters<SvelteKitEvent["cookies"]["set"]>;

let cookies: Cookie[];
let warn: MockInstance<typeof process.emitWarning>;

beforeEach(() => {
  cookies = [];
  warn = vi.spyOn(process, "emitWarning").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** As SvelteKit hands it over, on `@sveltejs/adapter-node`. */
function eventOf(url: string, headers: Record<string, string> = {}): SvelteKitEvent {
  return {
    request: new Request(url, { headers }),
    locals: {},
    platform: { req: { socket: { remoteAddress: "127.0.0.1" } } },
    isSubRequest: false,
    cookies: { set: (...cookie) => void cookies.push(cookie) },
    getClientAddress: () => "127.0.0.1",
  };
}

const make = () => createSessions({ store: memoryStore(), trustProxy: ["loopback"] });
const resolve = (): Response => new Response("a page");

const said = (): string[] =>
  warn.mock.calls
    .map(([sentence]) => String(sentence))
    .filter((sentence) => sentence.startsWith("SvelteKit takes"));

// The rest is told by the real SvelteKit: test/built/sveltekit.
describe("the handle for SvelteKit", () => {
  it("says that SvelteKit takes plain HTTP for https where it does, and nowhere else", async () => {
    const right = sessionHandle(make());
    await right({ event: eventOf("http://shop.example/"), resolve });
    const told = { "x-forwarded-proto": "https" };
    await right({ event: eventOf("https://shop.example/", told), resolve });
    expect(said()).toEqual([]);
    await right({ event: eventOf("https://shop.example/"), resolve });
    expect(said()).toHaveLength(1);
  });

  it("leaves a cookie with a thrown redirect as it is written", async () => {
    const sessions = make();
    const event = eventOf("https://shop.example/", { "x-forwarded-proto": "https" });
    const redirecting = async (): Promise<Response> => {
      await (await sessions.open(event.request)).signIn("ada");
      throw { status: 303, location: "/" };
    };
    const handled = sessionHandle(sessions)({ event, resolve: redirecting });
    await expect(handled).rejects.toEqual({ status: 303, location: "/" });
    expect(cookies).toHaveLength(1);
    for (const [name, value, { encode }] of cookies) {
      expect(name).toBe("__Host-Http-session");
      expect(value).toMatch(/^[\w-]{43}$/);
      expect(encode("a%20b+c")).toBe("a%20b+c");
    }
  });

  it("is refused where it has no manager, and for an option that there is not", () => {
    expect(() => sessionHandle(Object({}))).toThrow(/createSessions/);
    expect(() => sessionHandle(make, Object({ acessor: true }))).toThrow(/acessor/);
  });
});
