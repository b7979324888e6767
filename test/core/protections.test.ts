import { describe, expect, it } from "vitest";
import type { Departure, Guard, Hooks, Protection } from "../../src/core/engine.ts";
import { SessionEndedError } from "../../src/core/errors.ts";
import { entryOf, put } from "../../src/core/notes.ts";
import { World } from "../laws/support/world.ts";

const protection = (hooks: Hooks, name = "test"): Protection => ({ name, protect: () => hooks });

const guarded = (guard: Guard): World => new World({ protections: [protection({ guard })] });

describe("a protection", () => {
  it("sees every session that is opened, with its request", async () => {
    const seen: unknown[] = [];
    const world = guarded((record, _engine, _deadline, request) => {
      seen.push([record.userId, request.header("user-agent")]);
      return undefined;
    });
    const browser = await world.signedIn("ada");
    await browser.visit(() => undefined, { headers: { "user-agent": "Browser/1" } });
    expect(seen).toEqual([["ada", "Browser/1"]]);
  });

  it("ends a session that it objects to, and the visitor starts anew", async () => {
    const world = guarded(async () => ({ kind: "ended", reason: "revoked" }));
    const browser = await world.signedIn("ada");
    expect((await browser.visit((session) => session.userId ?? null)).json).toBeNull();
    expect(await world.live()).toBe(0);
  });

  it("is not asked once the library's own guards have objected, nor after another protection", async () => {
    const asked: string[] = [];
    const objecting: Guard = async () => ({ kind: "refused", reason: "revoked" });
    const counting: Guard = (record) => void asked.push(record.id) as undefined;
    const protections = [
      protection({ guard: objecting }, "first"),
      protection({ guard: counting }, "second"),
    ];
    const world = new World({ protections });
    const browser = await world.signedIn("ada");
    await browser.visit(() => undefined);
    expect(asked).toEqual([]);
  });

  it("notes something with a sign-in, which a new token takes along", async () => {
    const note = (notes: Parameters<typeof put>[0]): void => put(notes, "test", "noted");
    const world = new World({ protections: [protection({ signingIn: async () => [note] })] });
    const browser = await world.signedIn("ada");
    await browser.visit((session) => session.regenerate());
    const stored = await world.stored(await world.idOf(browser));
    expect(entryOf(stored?.notes, "test")).toBe("noted");
  });

  it("refuses a sign-in before anything has happened", async () => {
    const signingIn = (): Promise<never> => Promise.reject(new Error("not today"));
    const world = new World({ protections: [protection({ signingIn })] });
    const browser = await world.returning({ cart: ["apple"] });
    const { json } = await browser.visit(async (session) => {
      const refusal = await session.signIn("ada").catch((error: Error) => error.message);
      return [refusal, session.userId ?? null, session.get("cart")];
    });
    expect(json).toEqual(["not today", null, ["apple"]]);
    expect(await world.live()).toBe(1);
    expect(world.told("signedIn")).toEqual([]);
  });

  it("takes back a sign-in that it refuses once that is stored, and the visitor's session goes on", async () => {
    let live = 0;
    const signedIn = async (): Promise<never> => {
      live = await world.live();
      throw new Error("one too many");
    };
    const world = new World({ protections: [protection({ signedIn })] });
    const browser = await world.returning({ cart: ["apple"] });
    await browser.visit((session) => session.signIn("ada").catch(() => undefined));
    expect(live).toBe(2);
    expect(await world.live()).toBe(1);
    const { json } = await browser.visit((session) => [
      session.userId ?? null,
      session.get("cart"),
    ]);
    expect(json).toEqual([null, ["apple"]]);
  });

  it("is heard by who signs in with what it throws", async () => {
    const signedIn = (): Promise<never> => Promise.reject(new SessionEndedError("sign in"));
    const world = new World({ protections: [protection({ signedIn })] });
    const browser = await world.returning();
    const { json } = await browser.visit(async (session) => {
      await session.signIn("ada").catch(() => undefined);
      return session.isEnded;
    });
    expect(json).toBe(true);
  });

  it("has the last word with the response's headers, and knows where the session stands", async () => {
    const stands: unknown[] = [];
    const leaving = ({ condition, record, exchange }: Departure): void => {
      stands.push([condition, record?.userId]);
      exchange.reply.set("x-protected", "yes");
    };
    const world = new World({ protections: [protection({ leaving })] });
    const browser = await world.signedIn("ada");
    const { headers } = await browser.visit((session) => session.signOut());
    expect(headers.get("x-protected")).toBe("yes");
    expect(stands).toEqual([
      ["live", "ada"],
      ["new", undefined],
    ]);
  });

  it("is one of a list, and there once", () => {
    const twice = [protection({}), protection({})];
    expect(() => new World({ protections: twice })).toThrow("protections: test is there twice");
    expect(() => new World({ protections: {} as never })).toThrow("protections: must be a list");
    expect(() => new World({ protections: [undefined as never] })).toThrow(
      "protections: must be a list",
    );
  });
});
