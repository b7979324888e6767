/**
 * Gives whatever reads cookies, tokens, stored records and trails as many damaged inputs as one likes:
 * `node --expose-gc scripts/fuzz.ts --inputs 10000000 --seed 7`. What fails is printed with its input.
 */
import { parseArgs } from "node:util";
import { fuzz, type Report } from "../test/fuzz/run.ts";
import { shareOut, TARGETS } from "../test/fuzz/targets.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    /** A part of a target's name: only those. */
    only: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});

function whole(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${option}: a whole number above 0`);
  process.exit(2);
}

function print({ name, inputs, taken, seconds, slowestMs, moreBytes, failures }: Report): void {
  const more = moreBytes === undefined ? "" : `${(moreBytes / 2 ** 20).toFixed(1)} MB more`;
  const cells = [name, inputs, taken, failures.length, `${seconds.toFixed(1)} s`];
  console.log(`| ${[...cells, `${slowestMs.toFixed(2)} ms`, more].join(" | ")} |`);
  for (const { problem, input } of failures) console.log(`\n${problem}\n${input}\n`);
}

if (values.help) {
  console.log("node --expose-gc scripts/fuzz.ts --inputs N --seed N [--only TARGET]");
  console.log(TARGETS.map(({ name }) => `  ${name}`).join("\n"));
  process.exit();
}

const seed = whole("seed", values.seed);
const chosen = TARGETS.filter(({ name }) => name.includes(values.only));
console.log("| target | inputs | rightly taken | failures | time | slowest | memory |");
console.log("|---|---|---|---|---|---|---|");
let total = 0;
for (const [target, inputs] of shareOut(whole("inputs", values.inputs), chosen)) {
  const report = await fuzz(target, inputs, seed);
  print(report);
  total += report.inputs;
  if (report.failures.length > 0) process.exitCode = 1;
}
console.log(`\n${total} inputs, seed ${seed}`);
