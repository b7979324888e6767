// Tells which of mocha's tests meet a session.

import { beginTest, beginTests, endTest } from "./sessions.mjs";

export const mochaHooks = {
  beforeAll() {
    beginTests();
  },
  beforeEach() {
    beginTest(this.currentTest.parent);
  },
  afterEach() {
    endTest(this.currentTest.parent);
  },
};
