import { execFileSync } from "node:child_process";

/**
 * Runs a script of Python once: it finds `given`, from JSON, and what it assigns to `answer` comes
 * back.
 */
export function runPython<Answer>(script: string, given: unknown): Answer {
  const program = `import json, sys\ngiven = json.load(sys.stdin)\n${script}\njson.dump(answer, sys.stdout)`;
  const output = execFileSync("python3", ["-I", "-c", program], {
    input: JSON.stringify(given),
    maxBuffer: 256 * 1024 * 1024,
    encoding: "utf8",
  });
  return JSON.parse(output);
}
