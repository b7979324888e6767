/**
 * Many requests of one visitor need a new access token at the same moment, and processes are killed
 * meanwhile: `node scripts/exclusive.ts --store redis --rounds 10`.
 */
import { parseArgs } from "node:util";
import type { RecipeName } from "../test/exclusive/recipes/recipe.ts";
import { runRounds } from "../test/exclusive/rounds.ts";
import { FAULTS, type Fault } from "../test/exclusive/tokens.ts";
import { problemsOf, type Tally, tally } from "../test/exclusive/verdict.ts";
import { type SubjectName, subjects } from "../test/history/subjects.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    /** Whose way of refreshing. */
    recipe: { type: "string", default: "exclusive" },
    rounds: { type: "string", default: "10" },
    processes: { type: "string", default: "8" },
    /** Of one visitor in each round, all at once. */
    requests: { type: "string", default: "200" },
    /** In one round of so many whoever refreshes is killed, or the provider hangs. 0: in none. */
    fault: { type: "string", default: "10" },
    /** For how many seconds the provider answers a used token again. */
    grace: { type: "string", default: "0" },
    /** How long the work may take, in ms; how long the lock holds. */
    lease: { type: "string", default: "2000" },
    /** How long a refresh takes at the provider, in ms. */
    delay: { type: "string", default: "150" },
    help: { type: "boolean", default: false },
  },
});

const RECIPES: readonly RecipeName[] = ["exclusive", "auth.js", "iron-session", "redis lock"];

function isSubject(name: string): name is SubjectName {
  return Object.hasOwn(subjects, name);
}

function recipeNamed(name: string): RecipeName {
  const recipe = RECIPES.find((known) => known === name);
  return recipe ?? fail(`--recipe: one of ${RECIPES.join(", ")}`);
}

function number(
  option: "rounds" | "processes" | "requests" | "fault" | "grace" | "lease" | "delay",
) {
  const value = Number(values[option]);
  return value >= 0 ? value : fail(`--${option}: a number`);
}

function fail(problem: string): never {
  console.error(problem);
  process.exit(2);
}

/** One fault after the other, each in the last of so many rounds. */
function faultsOf(rounds: number, every: number): readonly (Fault | undefined)[] {
  return Array.from({ length: rounds }, (_, index) => {
    const isTroubled = every > 0 && (index + 1) % every === 0;
    return isTroubled ? FAULTS[((index + 1) / every - 1) % FAULTS.length] : undefined;
  });
}

function row(name: string, counts: Tally): string {
  const ms = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(0));
  const cells = [
    name,
    `${counts.rounds} (${counts.faults})`,
    counts.refreshes,
    counts.sentTwice,
    counts.sentKnowingly,
    `${counts.signedOut} (${counts.signedOutByFault})`,
    `${counts.failed} (${counts.failedByFault})`,
    counts.lost,
    `${ms(counts.waitMedian)} / ${ms(counts.wait99)}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

if (values.help) {
  console.log(
    "node scripts/exclusive.ts --store NAME --recipe NAME --rounds N [--fault N] [--grace S]\n" +
      "                          [--processes N] [--requests N] [--lease MS] [--delay MS]\n" +
      `stores:  ${Object.keys(subjects).join(", ")}\nrecipes: ${RECIPES.join(", ")}`,
  );
  process.exit();
}

const store = values.store;
if (!isSubject(store)) fail(`--store: one of ${Object.keys(subjects).join(", ")}`);
const recipe = recipeNamed(values.recipe);
const rounds = faultsOf(number("rounds"), number("fault"));
const outcome = await runRounds({
  ...{ recipe, store, rounds },
  processes: number("processes"),
  requests: number("requests"),
  leaseMs: number("lease"),
  delayMs: number("delay"),
  graceMs: number("grace") * 1_000,
});
for (const [index, { fault, waits, errors, ...counts }] of outcome.rounds.entries()) {
  const told = [...new Set(errors)].slice(0, 2).map((error) => `\n  ${error}`);
  const longest = `longest wait ${Math.max(0, ...waits).toFixed(0)} ms`;
  const line = `${index + 1}: ${fault ?? "calm"} ${JSON.stringify(counts)}, ${longest}`;
  console.error(`${line}${told.join("")}`);
}
console.log(
  "| | rounds (with a fault) | refreshes | sent twice | sent knowingly | signed out (by a fault) | " +
    "failed (by a fault) | lost with a process | wait p50 / p99, ms |\n|---|---|---|---|---|---|---|---|---|\n" +
    row(recipe === "exclusive" ? `exclusive, ${store}` : recipe, tally(outcome)),
);
const problems = problemsOf(outcome);
if (recipe === "exclusive" && problems.length > 0) {
  console.log(`\n${problems.join("\n")}`);
  process.exitCode = 1;
}
