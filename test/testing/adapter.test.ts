import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { describeAdapter } from "../../src/testing/index.ts";
import { CollectingRunner } from "./support/collecting-runner.ts";
import { FAULTS, type Fault, serveWith } from "./support/faulty-adapter.ts";

const EARLY_HINTS = "lets early hints pass while the first byte waits";
const IN_A_ROW = "answers requests that come in a row on one connection, each by its own session";

function suiteFor(fault?: Fault): CollectingRunner {
  const runner = new CollectingRunner();
  const deviations = {
    [`streaming: ${EARLY_HINTS}`]: "a web Response has no 1xx before it",
    [`the framework's own ways: ${IN_A_ROW}`]: "there is no connection",
  };
  describeAdapter(fault ?? "no fault", serveWith(fault), { runner, deviations });
  return runner;
}

/** Another process: what is found there cannot come from Vitest. */
async function runNode(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, NODE_OPTIONS: "" };
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

function fixture(file: string): string {
  return fileURLToPath(new URL(`fixtures/${file}`, import.meta.url));
}

describe("describeAdapter", () => {
  it("finds nothing to say of an adapter without a fault", async () => {
    await suiteFor().run();
  });

  it.concurrent.each(Object.entries(FAULTS))(
    "fails an adapter that %s",
    async (fault, sentence) => {
      expect(await suiteFor(fault as Fault).failures()).toContain(sentence);
    },
  );
});

describe("the testing kit outside of Vitest", () => {
  it("runs by Node's own test runner", async () => {
    const { code, output } = await runNode(
      "--test",
      "--test-reporter=tap",
      fixture("node-test.ts"),
    );
    expect(output).toMatch(/^# fail 0$/m);
    expect(output).toMatch(/^# pass (?:[5-9]|1\d)\d$/m);
    expect(code).toBe(0);
  });

  it("says what to install where tough-cookie is missing, once a client is made", async () => {
    const { code, output } = await runNode(fixture("without-tough-cookie.ts"));
    expect(output).toContain("ERR_SESSION_OPTIONS testClient: ");
    expect(output).toContain("npm install --save-dev tough-cookie");
    expect(code).toBe(0);
  });
});

describe("describeAdapter's options", () => {
  it("print the reason in the place of a deviation", () => {
    const { names } = suiteFor();
    expect(names).not.toContain(EARLY_HINTS);
    expect(names).toContain(`${EARLY_HINTS}: deviates, a web Response has no 1xx before it`);
  });

  it("refuse a deviation from what the suite does not say", () => {
    const runner = new CollectingRunner();
    const deviations = { "keeps cookies": "no cookies here" };
    const describing = (): void => describeAdapter("mine", serveWith(), { runner, deviations });
    expect(describing).toThrow(OptionsError);
    expect(describing).toThrow(/no such sentence: "keeps cookies"/);
  });

  it("ask for a runner where none is global", () => {
    const describing = (): void => describeAdapter("mine", serveWith());
    expect(describing).toThrow(OptionsError);
    expect(describing).toThrow(/pass \{ runner: \{ describe, it \} \}/);
  });

  it("are checked for slips", () => {
    const options = { skip: {} } as object;
    expect(() => describeAdapter("mine", serveWith(), options)).toThrow(/skip: .*Known are/);
  });
});
