// Runs a library's own suite, unmodified, against our drop-in:
//   git clone https://github.com/koajs/session && git -C session checkout <hash below>
//   npm run build && npm ci --prefix test/drop-ins/own-suites
//   node test/drop-ins/own-suites/run.mjs koa-session session 2> errors > test/drop-ins/own-suites/koa-session.log
// What is thrown in the tests on purpose goes to the errors. With `--theirs` the library itself is run, as npm has it: what the suite says of it is what it can say of ours.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../../..");

/** The commits whose suites are in the logs beside this file. */
const SUITES = {
  "cookie-session": {
    commit: "dedc782a878a8a2f178a891e569f68018d8e1513",
    tests: "test/*.js",
  },
  "koa-session": {
    commit: "968ae94b8a1f3f8ed53cb1e6dbab1c1c6704329f",
    tests: "test/*.test.ts",
  },
};

const [library = "", checkout, whose = "--ours"] = process.argv.slice(2);
const suite = SUITES[library];
if (suite === undefined || checkout === undefined) {
  console.error(`node run.mjs ${Object.keys(SUITES).join("|")} <checkout> [--theirs]`);
  process.exit(2);
}

// As npm installs it: what it looks for beside itself is the application's.
const installed = join(HERE, "node_modules/sojourn");
rmSync(installed, { recursive: true, force: true });
mkdirSync(installed, { recursive: true });
for (const part of ["dist", "package.json"]) {
  cpSync(join(ROOT, part), join(installed, part), { recursive: true });
}

// A copy, as a suite may write beside itself.
const copy = mkdtempSync(join(tmpdir(), "own-suite-"));
for (const part of ["test", "__snapshots__", "package.json"]) {
  if (existsSync(join(checkout, part))) {
    cpSync(join(checkout, part), join(copy, part), { recursive: true });
  }
}
const tested = whose === "--theirs" ? library : `sojourn/${library}`;
console.log(`${library}'s own suite at ${suite.commit}, on ${tested}, Node ${process.version}`);
const { status } = spawnSync(
  process.execPath,
  [
    "--import",
    join(HERE, "redirect.mjs"),
    join(HERE, "node_modules/mocha/bin/mocha.js"),
    "--check-leaks",
    "--exit",
    ...globSync(suite.tests, { cwd: copy }).sort(),
  ],
  {
    cwd: copy,
    stdio: "inherit",
    env: {
      ...process.env,
      CI: "1",
      NODE_ENV: "test",
      CHECKOUT: copy,
      OURS: tested,
    },
  },
);
rmSync(copy, { recursive: true });
process.exitCode = status ?? 1;
