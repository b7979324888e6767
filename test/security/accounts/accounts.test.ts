import { describe, expect, it } from "vitest";
import {
  createSessions,
  type SessionOptions,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { type Accounts, accounts } from "../../../src/security/accounts/index.ts";
import { lockWhenIdle } from "../../../src/security/assurance/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { HOUR, SetClock } from "../../laws/support/clock.ts";

/** A browser, and an application of several accounts. */
class Place {
  readonly clock = new SetClock();
  readonly jar = new Map<string, string>();
  readonly accounts: Accounts<Untyped>;

  constructor(max = 3, options: Partial<SessionOptions> = {}) {
    const store = memoryStore();
    const make = (name: string): Sessions<Untyped> =>
      createSessions<Untyped>({ name, store, clock: this.clock, ...options }) as Sessions<Untyped>;
    this.accounts = accounts(make, { max });
  }

  async visit<T>(act: (request: Request) => Promise<T>, jar = this.jar): Promise<T> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = new Request("https://localhost/", { headers: cookie === "" ? {} : { cookie } });
    let result: T | undefined;
    const response = await this.accounts.handle(request, async (each) => {
      result = await act(each);
      return new Response();
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return result as T;
  }

  async signIn(...users: string[]): Promise<unknown[]> {
    const slots: unknown[] = [];
    for (const userId of users) {
      const signIn = await this.visit((request) => this.accounts.signIn(request, userId));
      slots.push(signIn.ok ? signIn.slot : signIn.reason);
    }
    return slots;
  }

  /** Who is signed in, by slot. */
  async who(jar = this.jar): Promise<Record<number, string>> {
    return this.visit(async (request) => {
      const signedIn = await this.accounts.signedIn(request);
      return Object.fromEntries(signedIn.map(({ slot, session }) => [slot, session.userId ?? ""]));
    }, jar);
  }
}

describe("several accounts in one browser", () => {
  it("have a slot, a cookie and a token each", async () => {
    const place = new Place();
    expect(await place.signIn("ada", "bob")).toEqual([0, 1]);
    expect(await place.who()).toEqual({ 0: "ada", 1: "bob" });
    expect([...place.jar.keys()].sort()).toEqual([
      "__Host-Http-account-0",
      "__Host-Http-account-1",
    ]);
    expect(new Set(place.jar.values()).size).toBe(2);
  });

  it("keep what is theirs apart", async () => {
    const place = new Place();
    await place.signIn("ada", "bob");
    await place.visit(async (request) => {
      (await place.accounts.at("0")?.open(request))?.set("draft", "to Grace");
    });
    const drafts = await place.visit(async (request) =>
      Promise.all(
        ["0", "1"].map(async (slot) =>
          (await place.accounts.at(slot)?.open(request))?.get("draft"),
        ),
      ),
    );
    expect(drafts).toEqual(["to Grace", undefined]);
  });

  it("are one for each user: who signs in again is given a new token in the slot that is theirs", async () => {
    const place = new Place();
    await place.signIn("ada", "bob");
    const [before] = place.jar.values();
    expect(await place.signIn("ada")).toEqual([0]);
    expect(await place.who()).toEqual({ 0: "ada", 1: "bob" });
    expect([...place.jar.values()]).not.toContain(before);
  });

  it("are no more than there are slots, and nobody is signed out for another", async () => {
    const place = new Place(2);
    expect(await place.signIn("ada", "bob", "eve")).toEqual([0, 1, "full"]);
    expect(await place.who()).toEqual({ 0: "ada", 1: "bob" });
  });

  it("are not mistaken for one another where one request signs in two at once", async () => {
    const place = new Place(2);
    const slots = await place.visit(async (request) => {
      const all = ["ada", "bob", "eve"].map((userId) => place.accounts.signIn(request, userId));
      return (await Promise.all(all)).map((each) => each.ok && [each.slot, each.session.userId]);
    });
    expect(slots).toEqual([[0, "ada"], [1, "bob"], false]);
    expect(await place.who()).toEqual({ 0: "ada", 1: "bob" });
  });

  it("end one by one: the sign-out of one leaves the others", async () => {
    const place = new Place();
    await place.signIn("ada", "bob");
    await place.visit(async (request) => (await place.accounts.at(0)?.open(request))?.signOut());
    expect(await place.who()).toEqual({ 1: "bob" });
    expect(await place.signIn("eve")).toEqual([0]);
  });

  it("end nobody's else, whatever the other cookies name [better-auth-multi-session-2025]", async () => {
    const place = new Place();
    await place.signIn("ada", "bob");
    const [victim] = await place.accounts.list({ userId: "bob" });
    const token = place.jar.get("__Host-Http-account-1") ?? "";
    const attacker = new Map<string, string>();
    await place.visit((request) => place.accounts.signIn(request, "eve"), attacker);
    // The public id of another's session, and their token under another slot's name.
    attacker.set("__Host-Http-account-1", victim?.id ?? "");
    attacker.set("__Host-Http-account-2", token);
    expect(await place.who(attacker)).toEqual({ 0: "eve" });
    await place.visit((request) => place.accounts.signOutAll(request), attacker);
    expect(await place.who(attacker)).toEqual({});
    expect(await place.who()).toEqual({ 0: "ada", 1: "bob" });
  });

  it("end together, in this browser alone", async () => {
    const place = new Place();
    await place.signIn("ada", "bob");
    const other = new Map<string, string>();
    await place.visit((request) => place.accounts.signIn(request, "ada"), other);
    await place.visit((request) => place.accounts.signOutAll(request));
    expect([await place.who(), await place.who(other)]).toEqual([{}, { 0: "ada" }]);
  });

  it("are listed and ended by their user, whatever slots they are in", async () => {
    const place = new Place();
    await place.signIn("bob", "ada");
    const other = new Map<string, string>();
    await place.visit((request) => place.accounts.signIn(request, "ada"), other);
    const [first, second] = await place.accounts.list({ userId: "ada" });
    expect([first, second].map((info) => info?.userId)).toEqual(["ada", "ada"]);
    expect(await place.accounts.revokeAll({ userId: "ada", except: first?.id ?? "" })).toBe(1);
    expect(await place.accounts.revokeAll({ userId: "ada" })).toBe(1);
    expect([await place.who(), await place.who(other)]).toEqual([{ 0: "bob" }, {}]);
  });

  it("keep their slot while they are locked", async () => {
    const place = new Place(2, {
      idleTimeout: "12h",
      protections: [lockWhenIdle({ after: "1h" })],
    });
    await place.signIn("ada");
    place.clock.move(HOUR);
    expect(await place.who()).toEqual({});
    expect(await place.signIn("bob")).toEqual([1]);
    expect(await place.signIn("ada")).toEqual([0]);
  });

  it.each([["3"], ["00"], ["-1"], ["1e0"], [""], [undefined], [-1], [0.5], [{}], ["length"]])(
    "have no slot %j",
    (slot) => {
      expect(new Place().accounts.at(slot)).toBeUndefined();
    },
  );

  it("refuse a number that is none, and sessions of another name", () => {
    const store = memoryStore();
    const make = (name: string): Sessions<Untyped> =>
      createSessions<Untyped>({ name, store }) as Sessions<Untyped>;
    for (const max of [0, 11, 1.5, "3"]) {
      expect(() => accounts(make, { max: max as never })).toThrow("accounts(max)");
    }
    expect(() => accounts(() => make("session"), { max: 1 })).toThrow("accounts(make)");
    expect(() => accounts(make, { count: 2 } as never)).toThrow("accounts.count");
  });
});
