import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { sessionMiddleware } from "../../src/frameworks/express.ts";
import {
  createSessions,
  type JsonValue,
  memoryStore,
  type OpenOptions,
  REMOVE,
  type Session,
  type SessionInfo,
  type Sessions,
  type SessionView,
  type Untyped,
} from "../../src/index.ts";
import { issue } from "../../src/testing/issue.ts";
import type { RichValues } from "../../src/values/index.ts";

interface Shop {
  cart: string[];
  theme: "light" | "dark";
  coupon?: string;
}

type DataOf<S> = S extends Sessions<infer D> ? D : never;

const SCHEMA = z.object({
  cart: z.array(z.string()).default([]),
  visits: z.coerce.number().default(0),
});

declare const RICH: RichValues;

/** Never called: the compiler is the test. */
function compiles(
  _code: (shop: Session<Shop>, loose: Session<Partial<Shop>>, untyped: Session<Untyped>) => unknown,
): void {
  expect(true).toBe(true);
}

describe("the three doors", () => {
  it("a schema gives its output type", () => {
    const sessions = createSessions({ store: memoryStore(), schema: SCHEMA });
    expectTypeOf<DataOf<typeof sessions>>().toEqualTypeOf<{ cart: string[]; visits: number }>();
  });

  it("defaults give their type, or the one that is named", () => {
    const told = createSessions<Shop>({
      store: memoryStore(),
      defaults: { cart: [], theme: "light" },
    });
    expectTypeOf<DataOf<typeof told>>().toEqualTypeOf<Shop>();
    const inferred = createSessions({ store: memoryStore(), defaults: { visits: 0 } });
    expectTypeOf<DataOf<typeof inferred>>().toEqualTypeOf<{ visits: number }>();
  });

  it("defaults leave open what they cannot know: the items of [], and what null stands for", () => {
    const sessions = createSessions({
      store: memoryStore(),
      defaults: { cart: [], coupon: null, theme: "light", prefs: { tags: [], dark: false } },
    });
    expectTypeOf<DataOf<typeof sessions>>().toEqualTypeOf<{
      cart: unknown[];
      coupon: unknown;
      theme: string;
      prefs: { tags: unknown[]; dark: boolean };
    }>();
    const fill = async (session: Session<DataOf<typeof sessions>>): Promise<void> => {
      await session.update("cart", (cart) => [...cart, "tea"]);
      session.set("coupon", "SPRING");
      session.set("cart", ["tea"]);
    };
    expect(fill).toBeTypeOf("function");
  });

  it("a description that may be missing gives a partial of the type", () => {
    const defaults = process.env["NONE"] === undefined ? undefined : { visits: 0 };
    const sessions = createSessions({ store: memoryStore(), defaults });
    expectTypeOf<DataOf<typeof sessions>>().toEqualTypeOf<{ visits?: number }>();
  });

  it("refuse what JSON would change or lose, and schemas that transform", () => {
    class Money {
      readonly #amount = 1;
      text = String(this.#amount);
    }
    compiles(() => {
      // @ts-expect-error a Date would become a string
      createSessions<{ at: Date }>();
      // @ts-expect-error a Date would become a string
      createSessions<{ seen?: { at: string | Date }[] }>();
      // @ts-expect-error a Map would be lost
      createSessions<{ ids: Map<string, number> }>();
      // @ts-expect-error a Set would be lost
      createSessions<{ ids: ReadonlySet<string> }>();
      // @ts-expect-error a BigInt has no JSON form
      createSessions<{ amount: bigint }>();
      // @ts-expect-error a function has no JSON form
      createSessions<{ now: () => number }>();
      // @ts-expect-error it would lose its class
      createSessions<{ price: Money }>();
      // @ts-expect-error it would lose its class
      createSessions<{ failure: Error }>();
      // @ts-expect-error it has a toJSON
      createSessions<{ link: URL }>();
      // @ts-expect-error binary data has no JSON form
      createSessions<{ bytes: Uint8Array }>();
      // @ts-expect-error undefined in an array would become null
      createSessions<{ list: (string | undefined)[] }>();
      // @ts-expect-error a Date would become a string
      createSessions({ defaults: { at: new Date() } });
      // @ts-expect-error a Date would become a string
      createSessions({ schema: z.object({ at: z.coerce.date().optional() }) });
      // @ts-expect-error it returns a number where it wants a text
      createSessions({ schema: z.object({ n: z.string().transform(Number).optional() }) });
    });
  });

  it("take values beyond JSON where the option lets them in, and give their types", () => {
    interface Visit {
      at: Date;
      cart: Map<string, bigint>;
      seen?: ReadonlySet<URL>;
      bytes: Uint8Array;
      tree: Tree;
      json: JsonValue;
    }
    type Tree = string | Map<string, Tree> | { readonly at: Date; readonly inside: Tree[] };
    compiles(async () => {
      const sessions = createSessions<Visit>({ values: RICH });
      expectTypeOf<DataOf<typeof sessions>>().toEqualTypeOf<Partial<Visit>>();
      const session = await sessions.open({});
      expectTypeOf(session).toEqualTypeOf<Session<Partial<Visit>, "rich">>();
      expectTypeOf(session.get("at")).toEqualTypeOf<Date | undefined>();
      session.set("at", new Date());
      session.set("cart", new Map([["tea", 1n]]));
      // @ts-expect-error a text is no Date
      session.set("at", "2026-01-01");
      // @ts-expect-error a number is no BigInt
      session.set("cart", new Map([["tea", 1]]));
      await session.update("at", (at = new Date()) => new Date(at));
      session.flash("note", { at: [new Date()] });
      expectTypeOf(session.take<Date>("note")).toEqualTypeOf<Date | undefined>();
      // @ts-expect-error a function has no form at all
      session.flash("note", new Map([["at", () => 1]]));
      const schema = z.object({ at: z.date().optional(), ids: z.set(z.bigint()).optional() });
      const checked = createSessions({ values: RICH, schema });
      expectTypeOf<DataOf<typeof checked>>().toEqualTypeOf<{
        at?: Date | undefined;
        ids?: Set<bigint> | undefined;
      }>();
      const inferred = createSessions({ values: RICH, defaults: { cart: new Map([["tea", 1]]) } });
      expectTypeOf<DataOf<typeof inferred>>().toEqualTypeOf<{ cart: Map<string, number> }>();
      sessionMiddleware(sessions);
      await issue(sessions, { data: { at: new Date() } });
    });
  });

  it("take every kind of data that JSON carries", () => {
    interface Node {
      readonly name: string;
      children: Node[];
      parent?: Node;
    }
    type Tree = Node | Tree[] | { [key: string]: Tree };
    type Id = string & { readonly brand: "Id" };
    interface Data {
      node: Node;
      tree: Tree;
      json: JsonValue;
      id: Id;
      pair: readonly [string, number | null];
      kind: { kind: "a"; a: string } | { kind: "b"; b?: number };
      notes: Record<string, { text: string } | undefined>;
      message: { name: string; message: string };
      anything: unknown;
    }
    compiles(() => createSessions<Data>());
    compiles(() => createSessions<Record<string, unknown>>());
    const schema = z.object({
      name: z.string().trim().optional(),
      list: z.array(z.object({ a: z.string(), b: z.number().optional() })).default([]),
    });
    compiles(() => createSessions({ schema }));
  });

  it("neither gives a partial of the type, or anything", () => {
    const typed = createSessions<Shop>({ store: memoryStore() });
    expectTypeOf<DataOf<typeof typed>>().toEqualTypeOf<Partial<Shop>>();
    const untyped = createSessions({ store: memoryStore() });
    compiles(() => expectTypeOf(untyped.open).returns.resolves.toHaveProperty("update"));
    expectTypeOf<DataOf<typeof untyped>[string]>().toBeAny();
  });

  it("defaults must have a value for each key that is not optional", () => {
    // @ts-expect-error theme is missing
    createSessions<Shop>({ store: memoryStore(), defaults: { cart: [] } });
  });

  it("refuse what is not an option, and options that exclude each other", () => {
    // @ts-expect-error no such option
    expect(() => createSessions({ store: memoryStore(), secret: "x" })).toThrow("secret");
    // @ts-expect-error no duration
    expect(() => createSessions({ store: memoryStore(), idleTimeout: "30 minutes" })).toThrow(
      "idle",
    );
    const both = { store: memoryStore(), schema: SCHEMA, defaults: {} };
    expect(() => createSessions(both)).toThrow("defaults");
  });

  it("refuse primitives as data", () => {
    // @ts-expect-error data is an object
    createSessions<string>({ store: memoryStore() });
  });
});

describe("values", () => {
  it("have the type of their key", () => {
    compiles((shop, loose) => {
      expectTypeOf(shop.get("cart")).toEqualTypeOf<string[]>();
      expectTypeOf(shop.get("coupon")).toEqualTypeOf<string | undefined>();
      expectTypeOf(loose.get("theme")).toEqualTypeOf<"light" | "dark" | undefined>();
      // @ts-expect-error no such key
      shop.get("basket");
      // @ts-expect-error no such key
      shop.has("basket");
    });
  });

  it("are set by their type, and never to undefined", () => {
    compiles((shop, loose) => {
      shop.set("theme", "dark");
      loose.set("theme", "dark");
      // @ts-expect-error no such theme
      shop.set("theme", "blue");
      // @ts-expect-error delete it instead
      shop.set("coupon", undefined);
      // @ts-expect-error delete it instead
      loose.set("theme", undefined);
    });
  });

  it("are updated from what they were, with no cast", () => {
    compiles(async (shop, loose) => {
      expectTypeOf(await shop.update("cart", (cart) => [...cart, "tea"])).toEqualTypeOf<string[]>();
      await shop.update("theme", (theme) => (theme === "dark" ? "light" : "dark"));
      await loose.update("cart", (cart) => [...(cart ?? []), "tea"]);
      // @ts-expect-error it may be absent
      await loose.update("cart", (cart) => [...cart, "tea"]);
      // @ts-expect-error not a cart
      await shop.update("cart", () => 1);
      // @ts-expect-error synchronous and pure
      await shop.update("cart", async (cart) => cart);
    });
  });

  it("are given to exclusive work, whose result others can be told", () => {
    compiles(async (shop) => {
      const cart = await shop.exclusive("order", (held) => held.get("cart"));
      expectTypeOf(cart).toEqualTypeOf<string[]>();
      const status = await shop.exclusive("order", { lease: "5s" }, async (held, { signal }) => {
        held.set("cart", []);
        return signal.aborted ? undefined : { paid: true };
      });
      expectTypeOf(status).toEqualTypeOf<{ paid: boolean } | undefined>();
      await shop.exclusive("order", async (held) => held.set("cart", []));
      const at = await shop.exclusive("order", { runAnyway: true }, async () => new Date());
      expectTypeOf(at).toEqualTypeOf<Date>();
      // @ts-expect-error nobody else could be told
      await shop.exclusive("order", {}, async () => new Map());
      // @ts-expect-error that takes effect at once, outside the work's own commit
      await shop.exclusive("order", (held) => held.regenerate());
    });
  });

  it("are updated by a function that returns the next value, or REMOVE", () => {
    compiles(async (shop, loose, untyped) => {
      await shop.update("cart", (cart) => (cart.length > 1 ? cart.slice(1) : REMOVE));
      await shop.update("coupon", () => REMOVE);
      await loose.update("theme", (theme = "light") => theme);
      await untyped.update("n", (n = 0) => n + 1);
      await untyped.update("cart", (cart) => ({ ...cart, tea: 1 }));
      // @ts-expect-error it returns nothing
      await shop.update("cart", (cart) => void cart.push("tea"));
      // @ts-expect-error it returns nothing
      await shop.update("cart", (cart) => {
        cart.push("tea");
      });
      // @ts-expect-error it may return nothing
      await shop.update("cart", (cart) => {
        if (cart.length === 0) return ["tea"];
      });
      // @ts-expect-error undefined is no value, also where the key may be absent
      await shop.update("coupon", () => undefined);
      // @ts-expect-error it returns nothing
      await loose.update("cart", (cart) => {
        cart?.push("tea");
      });
      // @ts-expect-error it returns nothing, and values of any type are no excuse
      await untyped.update("cart", (cart) => {
        cart.push("tea");
      });
    });
  });

  it("are consumed, as what they were or undefined", () => {
    compiles(async (shop) => {
      expectTypeOf(await shop.consume("theme")).toEqualTypeOf<"light" | "dark" | undefined>();
    });
  });

  it("are listed with their keys", () => {
    compiles((shop) => {
      for (const [key, value] of shop.entries()) {
        expectTypeOf(key).toEqualTypeOf<"cart" | "theme" | "coupon">();
        expectTypeOf(value).toEqualTypeOf<string | string[] | undefined>();
      }
    });
  });

  it("of any kind are counted without a cast where nothing describes them", () => {
    const sessions = createSessions({ store: memoryStore() });
    const count = (session: Session<DataOf<typeof sessions>>): Promise<unknown> =>
      session.update("visits", (n) => (n ?? 0) + 1);
    expect(count).toBeTypeOf("function");
  });
});

describe("a session", () => {
  it("shows facts that cannot be written, and no token", () => {
    compiles((shop) => {
      expectTypeOf(shop.id).toEqualTypeOf<string>();
      expectTypeOf(shop.userId).toEqualTypeOf<string | undefined>();
      expectTypeOf<Session<Shop>>().not.toHaveProperty("token");
      // @ts-expect-error signIn does that
      shop.userId = "u1";
      // @ts-expect-error regenerate does that
      shop.id = "s_1";
      shop.persistent = true;
      shop.isFresh("10m");
      // @ts-expect-error no duration
      shop.isFresh("ten minutes");
    });
  });

  it("keeps keys that exist", () => {
    compiles(async (shop) => {
      await shop.signIn("u1", { keep: ["cart"], persistent: true });
      await shop.signIn("u1", { keep: "none" });
      await shop.signOut({ keep: ["theme"] });
      // @ts-expect-error no such key
      await shop.signOut({ keep: ["basket"] });
      // @ts-expect-error no such key
      await shop.signIn("u1", { keep: ["basket"] });
    });
  });

  it("is a view that can change; a view cannot", () => {
    expectTypeOf<Session<Shop>>().toExtend<SessionView<Shop>>();
    expectTypeOf<SessionView<Shop>>().not.toExtend<Session<Shop>>();
    expectTypeOf<SessionView<Shop>>().not.toHaveProperty("set");
  });

  it("is taken by a function that reads a few of its keys, with their types", () => {
    expectTypeOf<Session<Shop>>().toExtend<SessionView<{ theme: string }>>();
    expectTypeOf<SessionView<Shop>>().toExtend<SessionView<{ cart: readonly string[] }>>();
    expectTypeOf<Session<Shop>>().not.toExtend<SessionView<{ theme: number }>>();
    expectTypeOf<SessionView<Shop>>().not.toExtend<SessionView<{ theme: number }>>();
    expectTypeOf<Session<Shop>>().not.toExtend<SessionView<{ basket: string[] }>>();
  });

  it("takes messages of every type that JSON takes, and gives them back by it", () => {
    interface Note {
      text: string;
      tags?: string[];
    }
    compiles((shop) => {
      const note: Note = { text: "Welcome back." };
      shop.flash("note", note);
      shop.flash("note", [{ note, count: 1 }, null]);
      expectTypeOf(shop.take<Note>("note")).toEqualTypeOf<Note | undefined>();
      expectTypeOf(shop.take("note")).toEqualTypeOf<JsonValue | undefined>();
      expectTypeOf(shop.takeAll<Note>("note")).toEqualTypeOf<Note[]>();
      expectTypeOf(shop.takeAll<Note>()).toEqualTypeOf<Record<string, Note[]>>();
      expectTypeOf(shop.takeAll()).toEqualTypeOf<Record<string, JsonValue[]>>();
      // @ts-expect-error a Date would become a string
      shop.flash("note", { at: new Date() });
      // @ts-expect-error an Error would lose its class
      shop.flash("note", new Error("no"));
      // @ts-expect-error there is nothing to show
      shop.flash("note", undefined);
    });
  });
});

describe("the manager", () => {
  it("takes ids as plain text, and gives them back so", () => {
    expectTypeOf<Sessions<Shop>["find"]>().toEqualTypeOf<
      (id: string) => Promise<SessionInfo | undefined>
    >();
    expectTypeOf<SessionInfo["id"]>().toEqualTypeOf<string>();
    expectTypeOf<SessionInfo>().not.toHaveProperty("data");
  });

  it("takes every framework's request object", () => {
    expectTypeOf<Parameters<Sessions<Shop>["open"]>>().toEqualTypeOf<
      [request: object, options?: OpenOptions | undefined]
    >();
  });
});
