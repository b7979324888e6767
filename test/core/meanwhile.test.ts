import { beforeEach, describe, expect, it } from "vitest";
import {
  createSessions,
  memoryStore,
  type Session,
  type Sessions,
  StoreError,
} from "../../src/index.ts";
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

async function visit<T>(work: (session: Session<Shop>) => T | Promise<T>): Promise<T> {
  const done = Promise.withResolvers<T>();
  const request = new Request("https://shop.example/", { headers: { cookie } });
  const response = await sessions.handle(request, async (same) => {
    done.resolve(await work(await sessions.open(same)));
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

  it("is told to come too late where the session is destroyed", async () => {
    await visit((session) => session.set("name", "Ada"));
    const request = new Request("https://shop.example/", { headers: { cookie } });
    const { status } = await sessions.handle(request, async (same) => {
      const session = await sessions.open(same);
      const destroyed = session.destroy();
      session.set("name", "Eve");
      await destroyed;
      return new Response("ok");
    });
    expect(status).toBe(409);
  });
});
