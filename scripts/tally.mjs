// Prints vitest's JSON reports as one closing line that any reader of a log understands. Plain
// JavaScript, so that it can also tell of a run in which the installation itself failed.
import { readFileSync } from "node:fs";

/**
 * @typedef {{ status: string, assertionResults: readonly unknown[] }} FileResult
 * @typedef {{
 *   numPassedTests: number,
 *   numFailedTests: number,
 *   numPendingTests: number,
 *   numTodoTests: number,
 *   testResults: readonly FileResult[],
 * }} Report
 */

/** @type {Report} */
const NOTHING_RAN = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
};

/**
 * @param {string} file
 * @returns {Report}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    console.error(`No test report: ${error instanceof Error ? error.message : error}`);
    return NOTHING_RAN;
  }
}

const files = process.argv.length > 2 ? process.argv.slice(2) : ["reports/vitest.json"];
let [passed, failed, skipped] = [0, 0, 0];
for (const file of files) {
  const report = readReport(file);
  // A file that breaks before its first test is counted by vitest among the suites alone.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  passed += report.numPassedTests;
  failed += report.numFailedTests + broken;
  skipped += report.numPendingTests + report.numTodoTests;
  if (report.numPassedTests === 0) failed += 1;
}

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
