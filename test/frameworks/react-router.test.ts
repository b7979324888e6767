import { afterEach, expect, it } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/react-router.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

afterEach(closeAll);

it("throws on what React Router gives a request up with, as it is", async () => {
  const { sessions } = shop();
  onClose(() => sessions.close());
  const leaving = new AbortController();
  const request = new Request("https://shop.example", { signal: leaving.signal });
  const context = { get: () => undefined as never, set: () => undefined };
  const reason = new Error("The visitor has left");
  const next = async (): Promise<never> => {
    await sessions.open(context);
    leaving.abort(reason);
    throw reason;
  };
  await expect(sessionMiddleware(sessions)({ request, context }, next)).rejects.toBe(reason);
});
