import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { type Built, built, serveBuilt } from "../support/kit.ts";

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
