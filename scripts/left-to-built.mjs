// Says at the end of `npm test` what that does not try: the frameworks with a lane of their own.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../test/built", import.meta.url));
const frameworks = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "support")
  .map(({ name }) => name);
console.log(`\nLeft to "npm run test:built": ${frameworks.sort().join(", ")}`);
console.log(`(${join("test", "built")}: installed apart and built before they run)\n`);
