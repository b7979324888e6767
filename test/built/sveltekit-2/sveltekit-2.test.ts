import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { type Built, built, serveBuilt } from "../support/kit.ts";
import { DEVIATIONS } from "../sveltekit/deviations.ts";
import { tellOwnWays } from "../sveltekit/own-ways.ts";

let application: Built;

beforeAll(async () => {
  application = await built({
    example: "../test/built/sveltekit-2",
    overlays: ["sveltekit", "sveltekit-2"],
    command: ["vite", "build"],
    entry: "build/handler.js",
  });
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});
afterAll(() => application.project.remove());

const serve = serveBuilt(() => application);
describeAdapter("SvelteKit 2", serve, { runner: { describe, it }, deviations: DEVIATIONS });

describe("SvelteKit 2 in its own ways", () => tellOwnWays(() => application));
