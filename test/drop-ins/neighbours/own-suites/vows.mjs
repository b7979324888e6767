// Tells which of vows' tests meet a session.

import { createRequire } from "node:module";
import { beginTest, endTest } from "./sessions.mjs";

const require = createRequire(import.meta.url);
require("vows");
const { Suite } = require("vows/lib/vows/suite");

const addBatch = Suite.prototype.addBatch;
Suite.prototype.addBatch = function (tests) {
  return addBatch.call(this, watched(tests));
};

function watched(tests) {
  const entries = Object.entries(tests).map(([name, test]) => {
    if (typeof test === "object") return [name, watched(test)];
    return [name, name === "topic" || name === "teardown" ? test : watchedTest(tests, test)];
  });
  return Object.fromEntries(entries);
}

function watchedTest(group, test) {
  function watch(...args) {
    beginTest(group);
    try {
      return test.apply(this, args);
    } finally {
      endTest(group);
    }
  }
  // By how many arguments a test takes vows knows whether it wants the error.
  return Object.defineProperty(watch, "length", { value: test.length });
}
