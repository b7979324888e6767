import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Subject, Target } from "./target.ts";
import { auditTrail } from "./targets/audit.ts";
import { notes } from "./targets/notes.ts";
import { records } from "./targets/records.ts";

const RUNS = 1_500;
const INSTEAD = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, 2 ** 53, "", "0", [], {}, [null], { a: null }),
  fc.jsonValue({ maxDepth: 2 }),
);
/** Where in a seed, as far as that goes, and what stands there instead. */
const CHANGES = fc.array(fc.tuple(fc.nat(), fc.nat(), INSTEAD), { minLength: 1, maxLength: 3 });

/** What bytes at random seldom make: whole JSON, of another form than what was written. */
const TARGETS: readonly Target[] = [
  ...records.filter(({ name }) => /memcached|bridges|encrypted/.test(name)),
  notes,
  auditTrail,
];

describe("JSON of another form crashes nothing, and is not believed [WSTG-SESS-01]", () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))("%s", async (_, target) => {
    const subject = await target.open();
    await fc.assert(
      fc.asyncProperty(CHANGES, async (changes) => {
        expect(["taken", "refused"]).toContain(await subject.attempt(changed(subject, changes)));
      }),
      { numRuns: RUNS, seed: 20_261_127 },
    );
    await subject.close?.();
  });
});

function changed({ seeds }: Subject, changes: readonly [number, number, unknown][]): Buffer {
  let text = "";
  for (const [which, where, instead] of changes) {
    text ||= String(seeds[which % seeds.length]);
    const lines = text.split("\n");
    const line = which % lines.length;
    lines[line] = withNode(lines[line] ?? "", where, instead);
    text = lines.join("\n");
  }
  return Buffer.from(text);
}

/** The JSON with another value at one of its nodes; a text may be JSON once more. */
function withNode(text: string, where: number, instead: unknown): string {
  let nodes = 0;
  const count = (): unknown => {
    nodes += 1;
    return undefined;
  };
  visited(parsed(text), count);
  let left = where % nodes;
  return JSON.stringify(visited(parsed(text), () => (left-- === 0 ? instead : undefined)));
}

function visited(value: unknown, visit: () => unknown): unknown {
  const instead = visit();
  if (instead !== undefined) return instead;
  const inner = typeof value === "string" && value.startsWith("{") ? parsed(value) : undefined;
  if (inner !== undefined) return JSON.stringify(visited(inner, visit));
  if (Array.isArray(value)) return value.map((each) => visited(each, visit));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, visited(each, visit)]);
  return Object.fromEntries(entries);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
