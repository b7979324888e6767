import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { type Application, built } from "./support/application.ts";

/** What then becomes of it is in own-ways.test.ts. */
const CUT = "@react-router/node cuts the socket before the first byte is flushed";
const LEFT =
  "React Router answers 500 to nobody once its visitor has left, so that nothing counts but save()";

let application: Application;

beforeAll(async () => {
  application = await built();
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});

afterAll(() => application.project.remove());

describeAdapter("React Router", (...given) => application.serveRoutes(...given), {
  runner: { describe, it },
  deviations: {
    "streaming: lets early hints pass while the first byte waits":
      "a web Response has no 1xx before it",
    "reporting: reports a response that breaks off": CUT,
    "streaming: cuts the response where what changed after the first byte is lost": CUT,
    "visitors who leave: stores what a visitor did who left before the answer": LEFT,
    "visitors who leave: stores what a visitor did who left before a streamed answer": LEFT,
  },
});
