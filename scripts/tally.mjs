// Prints vitest's JSON reports as one closing line that any reader of a log understands, and above
// it each test that failed: of a long log often only the end is kept. Plain JavaScript, so that it
// can also tell of a run in which the installation itself failed.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

/**
 * @typedef {{ status: string, fullName: string, failureMessages: readonly string[] }} TestResult
 * @typedef {{
 *   name: string,
 *   status: string,
 *   message: string,
 *   assertionResults: readonly TestResult[],
 * }} FileResult
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

/**
 * A failure as a few lines: where, and how its message begins.
 *
 * @param {FileResult} file
 * @param {string} test
 * @param {string} message
 */
function printFailure(file, test, message) {
  const lines = message.split("\n").slice(0, 12);
  console.log([`FAILED ${relative("", file.name)} > ${test}`, ...lines].join("\n  "));
}

const files = process.argv.length > 2 ? process.argv.slice(2) : ["reports/vitest.json"];
let [passed, failed, skipped] = [0, 0, 0];
for (const file of files) {
  const report = readReport(file);
  for (const result of report.testResults) {
    // A file that breaks before its first test is counted by vitest among the suites alone.
    if (result.status === "failed" && result.assertionResults.length === 0) {
      failed += 1;
      printFailure(result, "before its first test", result.message);
    }
    for (const { status, fullName, failureMessages } of result.assertionResults) {
      if (status === "failed") printFailure(result, fullName, failureMessages.join("\n"));
    }
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  if (report.numPassedTests === 0) failed += 1;
}

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
