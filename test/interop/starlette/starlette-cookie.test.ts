import { expect, it } from "vitest";
import { createSessions, memoryStore, type Untyped } from "../../../src/index.ts";
import { starletteCookie, starletteSessions } from "../../../src/interop/starlette/index.ts";
import { Browser } from "../../laws/support/browser.ts";

const SECRET = "a secret of Starlette's";

it("a session of Starlette's goes on as ours", async () => {
  const before = createSessions<Untyped>({ store: starletteSessions({ secretKey: SECRET }) });
  const browser = new Browser(before);
  await browser.visit(async (session) => {
    await session.signIn("7");
    session.set("cart", ["tea"]);
  });
  expect([...browser.jar.keys()]).toEqual(["session"]);
  browser.sessions = createSessions<Untyped>({
    name: "sid",
    store: memoryStore(),
    adopt: [
      starletteCookie<Untyped>({
        secretKey: SECRET,
        map: ({ values, userId }) => ({ data: { ...values }, userId }),
      }),
    ],
  });
  const { json } = await browser.visit((s) => [s.userId, s.get("cart"), s.isFresh("1m")]);
  expect(json).toEqual(["7", ["tea"], false]);
  expect([...browser.jar.keys()]).toEqual(["__Host-Http-sid"]);
});
