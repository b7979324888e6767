import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createSessions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { type AdapterData, describeAdapter, testClient } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { type Built, built, hand, serveBuilt } from "../support/kit.ts";

const LOST_HEAD = "srvx lets go of a head that it has not flushed where the body breaks at once";

let app: Built;

beforeAll(async () => {
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
  app = await built({
    example: "nitro",
    overlays: ["h3-suite", "nitro"],
    command: ["nitro", "build"],
    entry: ".output/server/index.mjs",
    exported: "middleware",
  });
});
afterAll(() => app?.project.remove());

describeAdapter(
  "Nitro",
  serveBuilt(() => app),
  {
    runner: { describe, it },
    deviations: {
      "reporting: reports a response that breaks off": LOST_HEAD,
      "streaming: cuts the response where what changed after the first byte is lost": LOST_HEAD,
    },
  },
);

describe("Nitro", () => {
  it.each(["event", "shown", "asking"])(
    "leads what it keeps for everybody to nobody's session: %s",
    async (what) => {
      const defaults: AdapterData = { visits: 0, name: "", cart: [] };
      const sessions = createSessions({ store: memoryStore(), trustProxy: "all", defaults });
      hand({ managers: [sessions], routes: [], hasAccessor: what === "shown" });
      const server = await listen(
        createServer((req, res) => void app.handler(req as never, res as never)),
      );
      const visitor = () => testClient(server.target, { origin: "https://shop.example" });
      const ada = visitor();
      await ada.get("/own/sign-in");
      for (const client of [visitor(), ada, visitor()]) {
        const response = await client.get(`/kept/${what}`);
        expect(response.headers.getSetCookie()).toEqual([]);
        expect(await response.text()).not.toMatch(/user/);
      }
      expect(await (await ada.get("/own/visit")).json()).toEqual({ user: "ada", visits: 1 });
      await server.close?.();
      await sessions.close();
    },
  );
});
