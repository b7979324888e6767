import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { type Application, built } from "./support/application.ts";

const CUT = "srvx cuts the socket before the first byte is flushed";

let application: Application;

beforeAll(async () => {
  application = await built();
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});

afterAll(() => application.project.remove());

describeAdapter("TanStack Start", (...given) => application.serveRoutes(...given), {
  runner: { describe, it },
  deviations: {
    "streaming: lets early hints pass while the first byte waits":
      "a web Response has no 1xx before it",
    "reporting: reports a response that breaks off": CUT,
    "streaming: cuts the response where what changed after the first byte is lost": CUT,
  },
});
