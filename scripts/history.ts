/**
 * Makes histories of a store for as long as one likes, and checks each:
 * `node scripts/history.ts --store redis --minutes 10 --seed 7`.
 */
import { parseArgs } from "node:util";
import { BUG_NAMES, type BugName } from "../test/history/bugs.ts";
import { type SubjectName, subjects } from "../test/history/subjects.ts";
import { summary, verify } from "../test/history/verify.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    minutes: { type: "string", default: "1" },
    /** Of the first run; each further run has the next one. */
    seed: { type: "string", default: "1" },
    /** How long one run takes. */
    seconds: { type: "string", default: "8" },
    /** A bug to plant into the store. */
    bug: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function isSubject(name: string): name is SubjectName {
  return Object.hasOwn(subjects, name);
}

function bugNamed(name: string | undefined): BugName | undefined {
  const bug = BUG_NAMES.find((known) => known === name);
  if (name !== undefined && bug === undefined) fail(`--bug: one of\n  ${BUG_NAMES.join("\n  ")}`);
  return bug;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  return number > 0 ? number : fail(`--${option}: a number above 0`);
}

function fail(problem: string): never {
  console.error(problem);
  process.exit(2);
}

if (values.help) {
  console.log(
    "node scripts/history.ts --store NAME --minutes N --seed N [--seconds N] [--bug NAME]\n" +
      `stores: ${Object.keys(subjects).join(", ")}\nbugs:   ${BUG_NAMES.join("\n        ")}`,
  );
  process.exit();
}

const subject = values.store;
if (!isSubject(subject)) fail(`--store: one of ${Object.keys(subjects).join(", ")}`);
const bug = bugNamed(values.bug);
const durationMs = positive("seconds", values.seconds) * 1_000;
const until = performance.now() + positive("minutes", values.minutes) * 60_000;

for (let seed = positive("seed", values.seed); performance.now() < until; seed += 1) {
  const { history, violations, report } = await verify({ subject, seed, durationMs, bug });
  console.log(`seed ${seed}: ${summary(history)}`);
  if (violations.length === 0) continue;
  console.log(`\n${violations.length} violations, the first of them:\n\n${report}\n`);
  process.exitCode = 1;
}
