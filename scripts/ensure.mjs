// Plain JavaScript, because it runs before anything is installed, on whatever Node (18 or later)
// the machine has. Usage: node scripts/ensure.mjs [npm script …] [-- command …]
//
// Each shell on the way is replaced by what it starts (`exec`): npm passes a signal on to its shell
// alone, and a shell that dies of it would leave the demo running.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BIN = join(ROOT, "node_modules", ".bin");
const FORWARDED = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @type {{ engines: { node: string }, scripts: Record<string, string> }} */
const { engines, scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** @param {string} file */
function modifiedMs(file) {
  return statSync(join(ROOT, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** npm writes its hidden lock file last, so an install that was interrupted counts as missing. */
function isInstalled() {
  return modifiedMs("node_modules/.package-lock.json") >= modifiedMs("package-lock.json");
}

/** The Node that `node_modules/.bin` offers, as `24.0.0`, or `undefined` where there is none. */
function installedNode() {
  const { stdout } = spawnSync(join(BIN, "node"), ["--version"], { encoding: "utf8" });
  return stdout?.trim().slice(1) || undefined;
}

/** @param {string | undefined} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = engines.node.replace(">=", "").split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** @type {Set<string>} */
const finished = new Set((process.env["SOJOURN_FINISHED"] ?? "").split(" "));

function childEnvironment() {
  return {
    ...process.env,
    PATH: `${BIN}${delimiter}${process.env["PATH"] ?? ""}`,
    // A script that needs the build names it; within one `npm test` it is still built only once.
    SOJOURN_FINISHED: [...finished].join(" "),
  };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ shell?: boolean }} [options]
 * @returns {Promise<number>} the exit code, or 128 + the signal's number as a shell counts
 */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      cwd: ROOT,
      env: childEnvironment(),
      stdio: "inherit",
    });
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      // A terminal gives its Ctrl-C to every process at once: forwarding would make it two.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const name of FORWARDED) process.off(name, forward);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/** @param {number} code */
function exitUnlessZero(code) {
  if (code !== 0) process.exit(code);
}

/** @param {string} sentence */
function refuse(sentence) {
  console.error(`\n${sentence}\n`);
  process.exit(1);
}

async function ensureToolchain() {
  if (!isInstalled()) {
    // Quiet, because npm warns of each package that wants a newer Node than npm itself runs on.
    exitUnlessZero(await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]));
  }
  const version = installedNode();
  if (isNewEnough(version)) return;
  refuse(
    `Sojourn is built and tested with its own copy of Node ${engines.node}, but node_modules has ` +
      `${version ? `Node ${version}` : "none"}. An install script puts it there, so let npm run ` +
      "install scripts: npm ci --ignore-scripts=false",
  );
}

/** @param {string} name */
async function runScript(name) {
  if (finished.has(name)) return;
  const script = scripts[name];
  if (script === undefined) return refuse(`There is no script "${name}" in package.json.`);
  console.log(`\n> ${name}`);
  exitUnlessZero(await run(`exec ${script.replace(/^exec /, "")}`, [], { shell: true }));
  finished.add(name);
}

const separator = process.argv.indexOf("--");
const end = separator === -1 ? process.argv.length : separator;
const names = process.argv.slice(2, end);
const [command, ...args] = process.argv.slice(end + 1);

await ensureToolchain();
for (const name of names) await runScript(name);
if (command !== undefined) process.exitCode = await run(command, args);
