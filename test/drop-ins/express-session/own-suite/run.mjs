// express-session's own suite, whole and unmodified, on `sojourn/express-session`.
//
//   npm run build && (cd test/drop-ins/express-session/own-suite && npm ci)
//   git clone https://github.com/expressjs/session /tmp/session
//   node test/drop-ins/express-session/own-suite/run.mjs /tmp/session
//
// Needs openssl, which the suite makes a certificate by. `log.txt` is what it said of the commit that
// its first line names.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const checkout = resolve(process.argv[2] ?? ".");
const folder = import.meta.dirname;
if (!existsSync(join(checkout, "test", "session.js"))) {
  throw new Error("Pass the path of a checkout of github.com/expressjs/session.");
}
if (!existsSync(join(checkout, "test", "fixtures", "server.key"))) {
  run("sh", ["./test/support/gencert.sh"], "ignore");
}
const commit = spawnSync("git", ["-C", checkout, "rev-parse", "HEAD"], { encoding: "utf8" });
process.stdout.write(`express-session ${commit.stdout.trim()}, Node ${process.version}\n`);
const mocha = createRequire(join(folder, "package.json")).resolve("mocha/bin/mocha.js");
run(process.execPath, [
  mocha,
  "--require",
  join(folder, "redirect.cjs"),
  "--require",
  join(checkout, "test", "support", "env.js"),
  "--check-leaks",
  "--no-exit",
  "--reporter",
  "spec",
  join(checkout, "test"),
]);

function run(program, args, stdio = "inherit") {
  const env = { ...process.env, CHECKOUT: checkout, NO_COLOR: "1" };
  const { status } = spawnSync(program, args, { cwd: checkout, env, stdio });
  if (status !== 0) process.exit(status ?? 1);
}
