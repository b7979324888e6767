// What the package is made of. Usage: npm run build
//
// The drop-ins are built a second time, as CommonJS, for those who can require nothing else: Jest, and
// what is older than require() of ES modules. package.json leads nobody else there.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("..", import.meta.url);
const COMMONJS = new URL("dist/commonjs/", ROOT);

/** What require() of a drop-in gives: the function itself. */
const REQUIRED = /** @type {const} */ ([
  ["cookie-session.cjs", "./drop-ins/cookie-session/index.js"],
  ["express-session.cjs", "./drop-ins/express-session/index.js"],
  ["express-session-cookie.cjs", "./drop-ins/express-session/cookie.js"],
  ["koa-session.cjs", "./drop-ins/koa-session/index.js"],
]);

compile("tsconfig.build.json");
compile("tsconfig.commonjs.json");
writeFileSync(new URL("package.json", COMMONJS), '{ "type": "commonjs" }\n');
for (const [name, module] of REQUIRED) {
  const text = `module.exports = require(${JSON.stringify(module)})["module.exports"];\n`;
  writeFileSync(new URL(name, COMMONJS), text);
}

/** @param {string} project */
function compile(project) {
  const { status } = spawnSync("tsc", ["-p", project], {
    cwd: fileURLToPath(ROOT),
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}
