import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { blocksOf, isInExample } from "../support/guide.ts";
import { type Built, built, serveBuilt } from "../support/kit.ts";
import { tellOwnWays } from "./own-ways.ts";

let application: Built;

beforeAll(async () => {
  application = await built({
    example: "astro",
    overlays: ["astro"],
    command: ["astro", "build"],
    entry: "dist/server/entry.mjs",
  });
  // The errors that the suite throws as an application are printed, as they should be.
  for (const print of ["error", "warn", "log"] as const) vi.spyOn(console, print).mockReturnValue();
});
afterAll(() => application.project.remove());

const EARLY_HINTS = "streaming: lets early hints pass while the first byte waits";

describeAdapter(
  "Astro 7",
  serveBuilt(() => application),
  {
    runner: { describe, it },
    deviations: { [EARLY_HINTS]: "Astro has no way to send them" },
  },
);

describe("Astro 7 in its own ways", () => tellOwnWays(() => application));

it("shows in its guide what stands in the example", async () => {
  const blocks = await blocksOf("astro");
  expect(blocks.length).toBeGreaterThan(2);
  for (const block of blocks) expect(await isInExample("astro", block), block).toBe(true);
});
