import { describe, expect, it } from "vitest";
import { describeAdapter } from "../../../src/testing/index.ts";
import { CollectingRunner } from "../../testing/support/collecting-runner.ts";
import { serveWith } from "../../testing/support/faulty-adapter.ts";
import { adaptersIn, type Report } from "./adapters.ts";
import { matrixPage } from "./page.ts";
import { REQUIREMENTS } from "./requirements.ts";

const EARLY_HINTS = "lets early hints pass while the first byte waits";

function reportOf(
  results: readonly (readonly [chapter: string, title: string, status: string])[],
): Report {
  return {
    testResults: [
      {
        assertionResults: results.map(([chapter, title, status]) => ({
          ancestorTitles: ["Mine tells the session's HTTP story", chapter],
          title,
          status,
        })),
      },
    ],
  };
}

describe("the matrix", () => {
  it("asks for nothing that the suite does not say", () => {
    const runner = new CollectingRunner();
    const deviations = { [`streaming: ${EARLY_HINTS}`]: "no socket" };
    describeAdapter("mine", serveWith(), { runner, deviations });
    const said = runner.tests.map(({ chapters: [, chapter], name }) => `${chapter}: ${name}`);
    for (const { sentences } of REQUIREMENTS) {
      for (const wanted of sentences) {
        expect(said.some((each) => each === wanted || each.startsWith(`${wanted}: `))).toBe(true);
      }
    }
  });

  it("shows what holds, what cannot, what fails, and what nobody has told", () => {
    const page = matrixPage(
      adaptersIn([
        reportOf([
          ["an untouched session", "asks nothing", "passed"],
          ["races", "loses nothing", "failed"],
          ["streaming", `${EARLY_HINTS}: deviates, no socket`, "passed"],
          ["reading", "reads", "passed"],
        ]),
      ]),
    );
    expect(page).toMatch(/^\| Mine \| ✓ \| ✓ \| ✗ \| \? \|.* \| 1 \|/m);
    expect(page).toContain(`1. ${EARLY_HINTS}: no socket.`);
  });
});
