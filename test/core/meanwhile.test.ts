import { createHash, randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import {
  createSessions,
  memoryStore,
  type Session,
  SessionEndedError,
  type Sessions,
  StoreError,
} from "../../src/index.ts";
import {
  impersonate,
  impersonation,
  stopImpersonating,
} from "../../src/security/assurance/index.ts";
import { WatchedStore } from "../../src/testing/adapter/watched-store.ts";

interface Shop {
  cart: string[];
  name: string;
  theme: string;
  visits: number;
}

let sessions: Sessions<Shop>;
let cookie: string;

beforeEach(() => {
  const defaults: Shop = { cart: [], name: "", theme: "light", visits: 0 };
  sessions = createSessions<Shop>({ store: memoryStore(), defaults });
  cookie = "";
});

async function visit<T>(
  work: (session: Session<Shop>, request: Request) => T | Promise<T>,
  method = "GET",
): Promise<T> {
  const done = Promise.withResolvers<T>();
  const request = new Request("https://shop.example/", { headers: { cookie }, method });
  const response = await sessions.handle(request, async (same) => {
    done.resolve(await work(await sessions.open(same), same));
    return new Response("ok");
  });
  expect(response.status).toBe(200);
  const [line] = response.headers.getSetCookie();
  if (line !== undefined) cookie = line.slice(0, line.indexOf(";"));
  return done.promise;
}

const updated = (session: Session<Shop>): Promise<unknown> =>
  session.update("cart", (cart) => [...cart, "tea"]);

const stored = (): Promise<Record<string, unknown>> =>
  visit((session) => Object.fromEntries(session.entries()));

describe("what a request changes while something of its session is under way", () => {
  it.each([
    ["a new session", ""],
    ["a session", "Ada"],
  ])("counts beside an update of the same key, in %s", async (_name, name) => {
    if (name !== "") await visit((session) => session.set("name", name));
    await visit(async (session) => {
      const updated = session.update("visits", (visits) => visits + 10);
      session.set("visits", 2);
      expect(await updated).toBe(10);
      expect(session.get("visits")).toBe(2);
    });
    expect(await stored()).toMatchObject({ visits: 2 });
  });

  it("counts beside an update of the same key, deleted before and after", async () => {
    await visit((session) => session.set("visits", 1));
    await visit(async (session) => {
      session.delete("visits");
      const updated = session.update("visits", (visits) => visits + 10);
      session.delete("visits");
      expect(await updated).toBe(10);
    });
    expect(await stored()).toMatchObject({ visits: 0 });
  });

  it("counts beside an update, cleared after it was begun", async () => {
    await visit((session) => session.set("name", "Ada"));
    await visit(async (session) => {
      session.clear();
      const updated = session.update("visits", (visits) => visits + 10);
      session.clear();
      expect(await updated).toBe(10);
      session.set("theme", "dark");
    });
    expect(await stored()).toMatchObject({ name: "", theme: "dark", visits: 0 });
  });

  it("counts beside one that is consumed", async () => {
    await visit((session) => session.set("name", "Ada"));
    await visit(async (session) => {
      const consumed = session.consume("name");
      session.set("name", "Eve");
      expect(await consumed).toBe("Ada");
    });
    expect(await stored()).toMatchObject({ name: "Eve" });
  });

  it.each<[string, (session: Session<Shop>, cart: string[]) => Promise<unknown>, string[]]>([
    [
      "changed before",
      async (session, cart) => {
        cart.push("cup");
        await updated(session);
      },
      ["pot", "cup", "tea"],
    ],
    [
      "what the update comes to",
      (session, cart) =>
        session.update("cart", () => {
          cart.push("cup");
          return cart;
        }),
      ["pot", "cup"],
    ],
    [
      "set once more",
      async (session, cart) => {
        await updated(session);
        session.set("cart", cart);
        cart.push("cup");
      },
      ["pot", "cup"],
    ],
    [
      "got once more",
      async (session) => {
        await updated(session);
        session.get("cart").push("cup");
      },
      ["pot", "tea", "cup"],
    ],
  ])("counts in place beside an update, where it is %s", async (_, act, cart) => {
    await visit((session) => session.set("cart", ["pot"]));
    await visit((session) => act(session, session.get("cart")));
    expect(await stored()).toMatchObject({ cart });
  });

  it.each([
    ["none", "none" as const],
    ["of one key", ["name" as const]],
  ])("is taken along into a sign-in that keeps %s", async (_name, keep) => {
    await visit((session) => session.set("visits", 1));
    await visit(async (session) => {
      session.set("visits", 2);
      session.flash("notice", "before");
      const signedIn = session.signIn("ada", { keep });
      session.set("theme", "dark");
      session.flash("notice", "after");
      await signedIn;
    });
    const messages = await visit((session) => session.takeAll("notice"));
    expect(messages).toEqual(["after"]);
    expect(await stored()).toMatchObject({ name: "", theme: "dark", visits: 0 });
  });

  it("is the next session's where this one is signed out, and what is kept beside it", async () => {
    await visit((session) => session.signIn("ada"));
    await visit(async (session) => {
      session.set("name", "Ada");
      session.set("visits", 1);
      const signedOut = session.signOut({ keep: ["name", "visits"] });
      session.set("visits", 2);
      session.flash("notice", "Until soon.");
      await signedOut;
      expect(session.userId).toBeUndefined();
    });
    expect(await visit((session) => session.take("notice"))).toBe("Until soon.");
    expect(await stored()).toMatchObject({ name: "Ada", theme: "light", visits: 2 });
  });

  it("clears the next session where it clears as this one is signed out", async () => {
    await visit((session) => session.signIn("ada"));
    await visit(async (session) => {
      session.set("name", "Ada");
      const signedOut = session.signOut({ keep: ["name"] });
      session.clear();
      session.set("visits", 2);
      await signedOut;
    });
    expect(await stored()).toMatchObject({ name: "", visits: 2 });
  });

  it("brings nothing of one user's to the next where a sign-out cannot keep it", async () => {
    const store = new WatchedStore(memoryStore());
    sessions = createSessions<Shop>({
      store,
      defaults: { cart: [], name: "", theme: "light", visits: 0 },
    });
    await visit((session) => session.signIn("ada"));
    await visit(async (session) => {
      session.set("cart", ["Ada's"]);
      await session.save();
      let creations = 0;
      // Each is repeated, and the next user's session is to be created.
      store.hinder(async (method) => {
        if (method === "create") creations += 1;
        if (method === "create" && creations <= 4) throw new Error("The disk is full");
      });
      const signedOut = session.signOut({ keep: ["cart"] });
      const signedIn = session.signIn("bob", { keep: "none" });
      session.set("theme", "dark");
      await expect(signedOut).rejects.toThrow(StoreError);
      await signedIn;
    });
    expect(await visit(({ userId }) => userId)).toBe("bob");
    expect(await stored()).toMatchObject({ cart: [], theme: "dark" });
  });

  describe("while that waits for its turn", () => {
    it.each<[string, (session: Session<Shop>) => void, number]>([
      ["set", (session) => session.set("visits", 2), 2],
      ["deleted", (session) => session.delete("visits"), 0],
      ["cleared", (session) => session.clear(), 0],
    ])("is no part of an update: %s", async (_, change, visits) => {
      await visit((session) => session.set("visits", 5));
      await visit(async (session) => {
        const before = updated(session);
        const counted = session.update("visits", (newest) => newest + 10);
        change(session);
        await before;
        expect(await counted).toBe(15);
      });
      expect(await stored()).toMatchObject({ visits });
    });

    it("is what an update builds on only where it was set before, once", async () => {
      await visit(async (session) => {
        session.set("visits", 5);
        const saved = session.save();
        const counted = session.update("visits", (visits) => visits + 10);
        await saved;
        expect(await counted).toBe(15);
      });
      expect(await stored()).toMatchObject({ visits: 15 });
    });

    it("is found by what consumes it before it is deleted", async () => {
      await visit((session) => session.set("name", "Ada"));
      await visit(async (session) => {
        const before = updated(session);
        const consumed = session.consume("name");
        session.delete("name");
        await before;
        expect(await consumed).toBe("Ada");
      });
    });

    it.each<[string, (session: Session<Shop>) => Promise<unknown>]>([
      ["saved", (session) => session.save()],
      ["kept", (session) => session.signOut({ keep: ["name"] })],
    ])("is not %s before it is the next session's", async (_, begin) => {
      await visit((session) => session.signIn("ada"));
      await visit(async (session) => {
        const begun = [updated(session), begin(session), session.signOut()];
        session.set("name", "Eve");
        session.label = "Phone";
        await Promise.all(begun);
      });
      expect(await stored()).toMatchObject({ name: "Eve" });
      expect(await visit(({ label }) => label)).toBe("Phone");
    });

    it("clears what an update stores after something was saved", async () => {
      await visit(async (session) => {
        const begun = [updated(session), session.save()];
        begun.push(session.update("visits", (visits) => visits + 10));
        session.clear();
        await Promise.all(begun);
      });
      expect(await stored()).toMatchObject({ cart: [], visits: 0 });
    });
  });

  it.each<[string, (session: Session<Shop>) => Promise<unknown>]>([
    ["update", (session) => session.update("visits", (visits) => visits + 1)],
    [
      "save",
      (session) => {
        session.set("visits", 1);
        return session.save();
      },
    ],
    ["signIn", (session) => session.signIn("ada")],
    ["regenerate", (session) => session.regenerate()],
    ["exclusive", (session) => session.exclusive("errand", () => 1)],
  ])("is told to come too late where this one finds that it has ended: %s", async (_, begin) => {
    await visit((session) => session.signIn("ada"));
    const request = new Request("https://shop.example/", { headers: { cookie } });
    const { status } = await sessions.handle(request, async (same) => {
      const session = await sessions.open(same);
      await sessions.revokeAll({ userId: "ada" });
      const begun = begin(session);
      session.set("name", "Eve");
      await expect(begun).rejects.toThrow(SessionEndedError);
      return new Response("ok");
    });
    expect(status).toBe(409);
  });

  it("is told to come too late where exclusive work finds that its session has ended", async () => {
    await visit((session) => session.signIn("ada"));
    const request = new Request("https://shop.example/", { headers: { cookie } });
    const { status } = await sessions.handle(request, async (same) => {
      const session = await sessions.open(same);
      const done = session.exclusive("errand", async () => {
        session.set("name", "Eve");
        await sessions.revokeAll({ userId: "ada" });
      });
      await expect(done).rejects.toThrow(SessionEndedError);
      return new Response("ok");
    });
    expect(status).toBe(409);
  });

  it.each([
    ["before", true],
    ["while it was done", false],
  ])(
    "is told to come too late where exclusive work fails after its session has ended: %s",
    async (_, isBefore) => {
      await visit((session) => session.signIn("ada"));
      const request = new Request("https://shop.example/", { headers: { cookie } });
      const { status } = await sessions.handle(request, async (same) => {
        const session = await sessions.open(same);
        if (isBefore) session.set("name", "Eve");
        const done = session.exclusive("errand", async () => {
          if (!isBefore) session.set("name", "Eve");
          await sessions.revokeAll({ userId: "ada" });
          throw new Error("The errand fails.");
        });
        await expect(done).rejects.toThrow("The errand fails.");
        return new Response("ok");
      });
      expect(status).toBe(409);
    },
  );

  it("is none where exclusive work reads beside a session that has ended", async () => {
    await visit((session) => session.signIn("ada"));
    await visit(async (session) => {
      const done = session.exclusive("errand", async () => {
        await sessions.revokeAll({ userId: "ada" });
        throw new Error("The errand fails.");
      });
      await expect(done).rejects.toThrow("The errand fails.");
    });
  });

  it("is taken along where a sign-in, after something else, begins anew with a dead cookie", async () => {
    await visit((session) => session.signIn("ada"));
    const dead = cookie;
    await visit((session) => session.signOut());
    cookie = dead;
    await visit(async (session) => {
      session.set("theme", "dark");
      const begun = updated(session);
      const signedIn = session.signIn("ada");
      session.set("name", "Ada");
      session.label = "Laptop";
      await expect(begun).rejects.toThrow(SessionEndedError);
      await signedIn;
    });
    expect(await visit(({ userId, label }) => [userId, label])).toEqual(["ada", "Laptop"]);
    expect(await stored()).toMatchObject({ name: "Ada", theme: "light" });
  });

  it("leaves what was changed before to whoever hears that the session has ended", async () => {
    await visit((session) => session.signIn("ada"));
    await visit(async (session) => {
      await sessions.revokeAll({ userId: "ada" });
      session.set("name", "Eve");
      await expect(session.update("visits", () => 1)).rejects.toThrow(SessionEndedError);
    });
  });

  it.each<[string, (session: Session<Shop>) => void]>([
    ["a value", (session) => session.set("name", "Eve")],
    [
      "the label",
      (session) => {
        session.label = "Phone";
      },
    ],
  ])("is told to come too late where the session is destroyed: %s", async (_, change) => {
    await visit((session) => session.set("name", "Ada"));
    const request = new Request("https://shop.example/", { headers: { cookie } });
    const { status } = await sessions.handle(request, async (same) => {
      const session = await sessions.open(same);
      const destroyed = session.destroy();
      change(session);
      await destroyed;
      return new Response("ok");
    });
    expect(status).toBe(409);
  });

  describe("of being remembered, and of the device's name,", () => {
    const wished = (session: Session<Shop>): unknown => [session.persistent, session.label];

    it.each([
      ["at once", (_session: Session<Shop>) => undefined],
      ["in its turn", (session: Session<Shop>) => void updated(session)],
    ])("counts beside a sign-in that says otherwise, %s", async (_, begin) => {
      await visit(async (session) => {
        begin(session);
        const signedIn = session.signIn("ada", { persistent: true, label: "Laptop" });
        session.persistent = false;
        session.label = "Phone";
        await signedIn;
      });
      expect(await visit(wished)).toEqual([false, "Phone"]);
    });

    it("counts beside what is saved", async () => {
      await visit(async (session) => {
        await session.signIn("ada");
        session.persistent = true;
        session.label = "Laptop";
        const saved = session.save();
        session.persistent = false;
        session.label = undefined;
        await saved;
      });
      expect(await visit(wished)).toEqual([false, undefined]);
    });

    it("is the next session's where this one is signed out, and no next user's before", async () => {
      await visit((session) => session.signIn("ada"));
      await visit(async (session) => {
        session.persistent = true;
        session.label = "Ada's";
        const signedOut = session.signOut();
        const signedIn = session.signIn("bob");
        await Promise.all([signedOut, signedIn]);
      });
      expect(await visit(wished)).toEqual([false, undefined]);
      await visit(async (session) => {
        const signedOut = session.signOut();
        session.persistent = true;
        session.label = "Bob's";
        await signedOut;
      });
      expect(await visit(wished)).toEqual([true, "Bob's"]);
    });
  });

  it("goes on as the user whom an operator acts as from then on, and back", async () => {
    sessions = createSessions<Shop>({
      store: memoryStore(),
      defaults: { cart: [], name: "", theme: "light", visits: 0 },
      protections: [impersonation()],
    });
    await visit((session) => session.signIn("operator"));
    await visit(async (session) => {
      session.set("name", "Operator");
      session.label = "Operator's";
      const acting = impersonate(session, "ada", { for: "5m", reason: "Ticket 1" });
      session.set("theme", "dark");
      session.flash("notice", "after");
      session.label = "after";
      await acting;
    });
    expect(await visit(({ userId, label }) => [userId, label])).toEqual(["ada", "after"]);
    expect(await visit((session) => session.takeAll("notice"))).toEqual(["after"]);
    expect(await stored()).toMatchObject({ name: "", theme: "dark" });
    await visit(async (session) => {
      session.set("name", "Ada");
      const stopped = stopImpersonating(session);
      session.set("visits", 2);
      await stopped;
    });
    expect(await visit(({ userId }) => userId)).toBe("operator");
    expect(await stored()).toMatchObject({ name: "", theme: "light", visits: 2 });
  });
});

describe("what a hand-off brings along", () => {
  const AUDIENCE = "https://shop.example/app";
  const verifier = randomBytes(32).toString("base64url");
  let code: string;

  beforeEach(async () => {
    await visit(async (session) => {
      session.set("cart", ["Ada's"]);
      await session.signIn("ada");
    });
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const asked = { audience: AUDIENCE, challenge, keep: ["cart" as const] };
    code = await visit((session) => sessions.handOff(session, asked));
    cookie = "";
  });

  /** Redeems it, between what the request does before and while that is under way. */
  function redeemed(
    before: (session: Session<Shop>) => unknown,
    meanwhile: (session: Session<Shop>) => unknown = () => undefined,
  ): Promise<void> {
    return visit(async (session, request) => {
      before(session);
      const options = { verifier, audience: AUDIENCE, otherUser: "end" } as const;
      const redeeming = sessions.redeem(request, code, options);
      meanwhile(session);
      expect(await redeeming).toMatchObject({ ok: true });
    }, "POST");
  }

  it.each<[string, (session: Session<Shop>) => unknown]>([
    ["read", (session) => session.get("cart")],
    ["changed in place", (session) => session.get("cart").push("cup")],
    ["set", (session) => session.set("cart", ["cup"])],
    ["cleared", (session) => session.clear()],
  ])("takes the place of what the request has %s before", async (_, before) => {
    await visit((session) => session.set("cart", ["pot"]));
    await redeemed(before);
    expect(await stored()).toMatchObject({ cart: ["Ada's"] });
  });

  it.each<[string, (session: Session<Shop>) => unknown, string[]]>([
    ["set", (session) => session.set("cart", ["cup"]), ["cup"]],
    ["deleted", (session) => session.delete("cart"), []],
    ["cleared", (session) => session.clear(), []],
  ])("is changed by what is %s while it is redeemed", async (_, meanwhile, cart) => {
    await redeemed(() => undefined, meanwhile);
    expect(await stored()).toMatchObject({ cart });
  });

  it("is changed by what is set while it is redeemed by who comes with a dead cookie", async () => {
    await visit((session) => session.signIn("eve"));
    const dead = cookie;
    await visit((session) => session.signOut());
    cookie = dead;
    await redeemed(
      (session) => session.set("name", "Eve"),
      (session) => session.set("theme", "dark"),
    );
    expect(await visit(({ userId }) => userId)).toBe("ada");
    expect(await stored()).toMatchObject({ cart: ["Ada's"], name: "", theme: "dark" });
  });

  it.each<[string, (session: Session<Shop>) => Promise<unknown>]>([
    [
      "ends it",
      (session) => {
        const destroyed = session.destroy();
        session.set("name", "Eve");
        return destroyed;
      },
    ],
    [
      "finds that it has ended",
      async (session) => {
        await sessions.revokeAll({ userId: "eve" });
        const begun = updated(session);
        session.set("name", "Eve");
        await expect(begun).rejects.toThrow(SessionEndedError);
      },
    ],
  ])(
    "leaves behind what was changed of another user's session, where the request %s",
    async (_, end) => {
      await visit((session) => session.signIn("eve"));
      await visit(async (session, request) => {
        await end(session);
        const options = { verifier, audience: AUDIENCE };
        expect(await sessions.redeem(request, code, options)).toMatchObject({ ok: true });
        session.set("theme", "dark");
      }, "POST");
      expect(await visit(({ userId }) => userId)).toBe("ada");
      expect(await stored()).toMatchObject({ cart: ["Ada's"], name: "", theme: "dark" });
    },
  );

  it("leaves another user's behind, and not what is changed while it is redeemed", async () => {
    await visit((session) => session.signIn("eve"));
    const before = (session: Session<Shop>): void => session.set("name", "Eve");
    await redeemed(before, (session) => session.set("theme", "dark"));
    expect(await visit(({ userId }) => userId)).toBe("ada");
    expect(await stored()).toMatchObject({ cart: ["Ada's"], name: "", theme: "dark" });
  });
});
