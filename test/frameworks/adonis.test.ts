import { expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { sessionMiddleware } from "../../src/frameworks/adonis.ts";
import { shop } from "./support/shop.ts";

// What an application does with it is in test/built/adonis.
it("refuses slips where they are made", () => {
  expect(() => sessionMiddleware({} as never)).toThrow(OptionsError);
  const { sessions } = shop();
  for (const slip of [{ accesor: true }, { accessor: "yes" }]) {
    expect(() => sessionMiddleware(sessions, slip as never)).toThrow(OptionsError);
  }
});
