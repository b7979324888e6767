// Runs the suites of connect-flash and passport, whole and unmodified, on sessions of `sojourn/express-session`:
//   git clone https://github.com/jaredhanson/passport && git -C passport checkout <hash below>
//   npm run build && npm ci --prefix test/drop-ins/neighbours/own-suites
//   node test/drop-ins/neighbours/own-suites/run.mjs passport passport > test/drop-ins/neighbours/own-suites/passport.log
//
// These suites load no session library: they put plain objects in its place. `sessions.mjs` makes of each what
// a request has that came by our middleware. With `--as-written` nothing is put between: what the suites say
// by themselves.

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");

const SHORT = ["--reporter", "dot"];

/** The commits whose suites are in the logs beside this file. */
const SUITES = {
  "connect-flash": {
    commit: "65eecf76694c7d80f640036a7f833cc6db07e918",
    runner: ["vows/bin/vows", "--spec"],
    hooks: "vows.mjs",
    tests: "test/*-test.js",
    rounds: [{ store: "MemoryStore" }, { store: "memoryStore" }],
  },
  passport: {
    commit: "217018dbc46dcd4118dd6f2c60c8d97010c587f8",
    runner: ["mocha/bin/mocha.js", "--require", "./test/bootstrap/node.js"],
    hooks: "mocha.mjs",
    tests: "test/**/*.test.js",
    // Many of its tests bring methods of their own for the session: in the last two rounds ours are called.
    rounds: [
      { store: "MemoryStore", methods: "theirs" },
      { store: "memoryStore", methods: "theirs", options: SHORT },
      { store: "MemoryStore", methods: "ours", options: SHORT },
      { store: "memoryStore", methods: "ours", options: SHORT },
    ],
  },
};

const [library = "", checkout, mode] = process.argv.slice(2);
const suite = SUITES[library];
if (suite === undefined || checkout === undefined) {
  console.error(`node run.mjs ${Object.keys(SUITES).join("|")} <checkout> [--as-written]`);
  process.exit(2);
}
const commit = git("rev-parse", "HEAD");
const changes = git("status", "--porcelain", "--untracked-files=no");
if (commit !== suite.commit || changes !== "") {
  throw new Error(`The checkout is not ${library} ${suite.commit}, unmodified.`);
}
console.log(`${library}'s own suite at ${commit}, Node ${process.version}`);
const rounds = mode === "--as-written" ? [undefined] : suite.rounds;
for (const round of rounds) {
  const status = runRound(round);
  // A test that makes a method fail by one of its own has no failure where ours is called: such rounds are shown.
  if (round?.methods !== "ours") process.exitCode ||= status;
}

function runRound(round) {
  const folder = resolve(checkout);
  const isMocha = suite.hooks === "mocha.mjs";
  const hooks = join(HERE, suite.hooks);
  if (round !== undefined) console.log(`\n${"=".repeat(40)}\n${titleOf(round)}\n`);
  const [runner, ...options] = suite.runner;
  const tests = globSync(suite.tests, { cwd: folder, exclude: ["**/node_modules/**"] }).sort();
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      "--no-deprecation",
      ...(round === undefined ? [] : ["--import", hooks]),
      join(MODULES, runner),
      ...options,
      ...(round?.options ?? []),
      ...(round === undefined || !isMocha ? [] : ["--require", hooks]),
      ...tests,
    ],
    {
      cwd: folder,
      stdio: ["inherit", "pipe", "inherit"],
      encoding: "utf8",
      env: {
        ...process.env,
        NO_COLOR: "1",
        NODE_ENV: "test",
        // What they require of others, and `flash` by its bare name.
        NODE_PATH: [join(folder, "lib"), MODULES].join(":"),
        SESSIONS: JSON.stringify(round ?? {}),
      },
    },
  );
  // Without the stacks: they name this machine's folders.
  process.stdout.write(stdout.replace(/^ +at .*\n/gm, ""));
  return status ?? 1;
}

function titleOf({ store, methods }) {
  const whose = store === "MemoryStore" ? "the drop-in's MemoryStore" : "our memoryStore()";
  const called = {
    theirs: ", methods that a test puts on a session are the test's",
    ours: ", methods that a test puts on a session are left out: ours are called",
  };
  return `Sessions over ${whose}${called[methods] ?? ""}`;
}

function git(...args) {
  const { stdout } = spawnSync("git", ["-C", checkout, ...args], { encoding: "utf8" });
  return stdout.trim();
}
