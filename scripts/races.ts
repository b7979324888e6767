/**
 * Runs the races of docs/races.md and writes docs/race-table.md: `npm run races`. `-- --only redis` runs
 * the contestants of which a name or setting has that in it; `-- --url http://127.0.0.1:3000` an application
 * of your own that is running, and prints what it found; `-- --check` compares the page with the results.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CONTESTANTS } from "../races/contestants.ts";
import type { Contestant } from "../races/runner/contestant.ts";
import { racePage } from "../races/runner/page.ts";
import { FULL } from "../races/runner/races/effort.ts";
import { keepResult, readResults } from "../races/runner/results.ts";
import { runContestant, runRaces } from "../races/runner/run.ts";
import { withStore } from "../races/runner/stores.ts";
import { Visitor } from "../races/runner/visitor.ts";

const PAGE = new URL("../docs/race-table.md", import.meta.url);
const RACES = new URL("../races/", import.meta.url);

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    /** Twice, where two processes share a store. */
    url: { type: "string", multiple: true, default: [] },
    check: { type: "boolean", default: false },
  },
});

function isWanted({ name, setting }: Contestant): boolean {
  return (
    values.only.length === 0 || values.only.some((part) => `${name} ${setting}`.includes(part))
  );
}

/** The contestants are installed here, so that nobody else's install grows by them. */
function install(): void {
  const modified = (file: string): number =>
    statSync(new URL(file, RACES), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (modified("node_modules/.package-lock.json") >= modified("package-lock.json")) return;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: RACES, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

async function runAll(): Promise<void> {
  const contestants = CONTESTANTS.filter(isWanted);
  if (contestants.length === 0) throw new Error("No contestant has that in its name or setting.");
  install();
  for (const contestant of contestants) {
    const title = `${contestant.name}, ${contestant.setting}`;
    try {
      const result = await withStore(contestant, (store) => runContestant(contestant, store, FULL));
      keepResult(result);
      console.log(title, JSON.stringify(result.findings));
    } catch (error) {
      console.error(title, error);
      process.exitCode = 1;
    }
  }
  writeFileSync(PAGE, racePage(readResults(CONTESTANTS)));
}

/** Nobody can hold up its store, nor take it away. */
async function runOwn(origins: readonly string[]): Promise<void> {
  const application = { origins, visitor: () => new Visitor(origins), proxies: [] };
  console.log(JSON.stringify(await runRaces(application, FULL), undefined, 2));
}

if (values.check) {
  if (readFileSync(PAGE, "utf8") !== racePage(readResults(CONTESTANTS))) {
    console.error("docs/race-table.md is not what the results say: npm run races writes it anew.");
    process.exitCode = 1;
  }
} else if (values.url.length > 0) await runOwn(values.url);
else await runAll();
// What the proxies have reset may linger.
process.exit();
