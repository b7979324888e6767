/**
 * Writes docs/matrix.md from the reports of the tests: which framework holds what. With `--check` it
 * compares, and says what differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { adaptersIn, type Report } from "../test/frameworks/matrix/adapters.ts";
import { matrixPage } from "../test/frameworks/matrix/page.ts";

const PAGE = new URL("../docs/matrix.md", import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: "boolean", default: false } },
});
const reports =
  positionals.length > 0 ? positionals : ["reports/vitest.json", "reports/built.json"];
const read = reports.map((file) => JSON.parse(readFileSync(file, "utf8")) as Report);
const page = matrixPage(adaptersIn(read));

if (!values.check) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, "utf8") !== page) {
  console.error("docs/matrix.md is not what the tests say: npm run matrix writes it anew.");
  process.exitCode = 1;
}
