import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type OwnCookie,
  plainCookie,
  sealedCookie,
  signedCookie,
} from "../../src/cookies/own/index.ts";
import { createSessions, type JsonValue, memoryStore } from "../../src/index.ts";

const sessions = createSessions<{ visits: number }>({
  store: memoryStore(),
  defaults: { visits: 0 },
});
const keys = ["sjk1_bSVPnEe3QKjwzDqt0l7uZ5Tg8fVXc6yAWr1N9oLhs2Ec9u5fD"];

describe("the types of own cookies", () => {
  it("are those of the values that a plain one is given", () => {
    const theme = plainCookie(sessions, { name: "theme", values: ["light", "dark"] });
    expectTypeOf(theme).toEqualTypeOf<OwnCookie<"light" | "dark">>();
    expectTypeOf(theme.get).returns.toEqualTypeOf<"light" | "dark" | undefined>();
    expectTypeOf(plainCookie(sessions, { name: "note" })).toEqualTypeOf<OwnCookie<string>>();
    const schema = z.enum(["de", "en"]);
    const language = plainCookie(sessions, { name: "language", schema });
    expectTypeOf(language).toEqualTypeOf<OwnCookie<"de" | "en">>();
  });

  it("promise nothing of what a visitor may have written", () => {
    // @ts-expect-error a type alone checks nothing: name the values
    const cookie: OwnCookie<"light"> = plainCookie(sessions, { name: "theme" });
    expectTypeOf(cookie).not.toBeAny();
  });

  it("are the application's own where the keys prove it", () => {
    const make = (): void => {
      const named = signedCookie<{ group: number }>(sessions, { name: "variant", keys });
      expectTypeOf(named).toEqualTypeOf<OwnCookie<{ group: number }>>();
      const bare = sealedCookie(sessions, { name: "draft", keys });
      // Compared by hand, as the type contains itself.
      const json: OwnCookie<JsonValue> = bare;
      const back: typeof bare = json;
      expectTypeOf(back.get).not.toBeAny();
      const schema = z.object({ subject: z.string() });
      const checked = sealedCookie(sessions, { name: "draft", keys, schema });
      expectTypeOf(checked).toEqualTypeOf<OwnCookie<{ subject: string }>>();
    };
    expectTypeOf(make).returns.toBeVoid();
  });

  it("refuse what JSON would change or lose", () => {
    const make = (): void => {
      // @ts-expect-error a Date would become a string
      signedCookie<{ at: Date }>(sessions, { name: "variant", keys });
      // @ts-expect-error undefined has no JSON form
      sealedCookie<string | undefined>(sessions, { name: "draft", keys });
      // @ts-expect-error a schema that transforms would not accept what it returns
      sealedCookie(sessions, { name: "draft", keys, schema: z.string().transform(Number) });
      // @ts-expect-error a signed one needs keys
      signedCookie(sessions, { name: "variant" });
    };
    expectTypeOf(make).returns.toBeVoid();
  });
});
