import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { blocksOf, isInExample } from "../support/guide.ts";
import { type Built, built, serveBuilt } from "../support/kit.ts";
import { DEVIATIONS } from "./deviations.ts";
import { tellOwnWays } from "./own-ways.ts";

let application: Built;

beforeAll(async () => {
  application = await built({
    example: "sveltekit",
    overlays: ["sveltekit"],
    command: ["vite", "build"],
    entry: "build/handler.js",
  });
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});
afterAll(() => application.project.remove());

const serve = serveBuilt(() => application);
describeAdapter("SvelteKit 3", serve, { runner: { describe, it }, deviations: DEVIATIONS });

describe("SvelteKit 3 in its own ways", () => tellOwnWays(() => application));

it("shows in its guide what stands in the example", async () => {
  const blocks = await blocksOf("sveltekit");
  expect(blocks.length).toBeGreaterThan(2);
  for (const block of blocks) expect(await isInExample("sveltekit", block), block).toBe(true);
});
