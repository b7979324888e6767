import { describe, expect, it } from "vitest";
import { USAGE } from "../../src/cli/usage.ts";
import { sojournHere as sojourn } from "../cli/support/command.ts";
import { readText } from "./support/project.ts";

const PAGE = readText("docs/command.md");

/** The page was written when its cookie was three years old. */
const THEN = ["--now", "2026-11-27T09:30:00Z"];

describe("docs/command.md", () => {
  it("shows what the command prints", async () => {
    const [, line = "", output] = /```console\n\$ npx sojourn ([^\n]*)\n(.*?)```/s.exec(PAGE) ?? [];
    const { code, stdout } = await sojourn([...line.split(" "), ...THEN]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: output });
  });

  it("forges as it shows", async () => {
    const lines = [
      ...PAGE.matchAll(/^npx sojourn forge (\S+) (?:'(.*?)'|([\w-]+))(.*?)(?: +#.*)?$/gm),
    ];
    const shown = lines.filter(([, , json, text]) => (json ?? text) !== "-");
    expect(shown.length).toBeGreaterThanOrEqual(5);
    for (const [, format = "", json, text = "", options = ""] of shown) {
      const rest = options.split(" ").filter((option) => option !== "");
      const args = ["forge", format, json ?? text, ...rest];
      const run = await sojourn(args, { env: { SOJOURN_KEY: "the secret of the test" } });
      expect(run).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("names each option and format that the command's help names", () => {
    const named =
      USAGE.match(/--[a-z-]+|\bdjango-\w+|flask-session|starlette|tornado|pickle/g) ?? [];
    expect(named.filter((name) => !PAGE.includes(name))).toEqual([]);
  });
});
