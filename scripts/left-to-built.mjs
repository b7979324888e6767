// Says at the end of `npm test` what that does not try: the frameworks with a lane of their own.
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../test/built", import.meta.url));
// A folder without a test of its own is what the others share.
const tests = globSync("*/*.test.ts", { cwd: folder });
const frameworks = [...new Set(tests.map((test) => dirname(test)))];
console.log(`\nLeft to "npm run test:built": ${frameworks.sort().join(", ")}`);
console.log(`(${join("test", "built")}: installed apart and built before they run)\n`);
