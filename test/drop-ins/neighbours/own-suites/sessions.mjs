// Loaded before the tests of a library that knows sessions as `req.session` alone. Whatever plain object a test
// gives a request for its session, the request has a session of `sojourn/express-session` with the same keys: one
// that came by the middleware, over the store that the round names.

import { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";

const { store, methods } = JSON.parse(process.env.SESSIONS);
const library = createRequire(new URL("../../../../package.json", import.meta.url));
const session = library("sojourn/express-session");
const { memoryStore } = library("sojourn");

const METHODS = new Set(["regenerate", "save", "reload", "destroy", "touch", "resetMaxAge"]);
/** What the tests have had to do with sessions. */
export const counted = { given: 0, reads: 0, readsOfOthers: 0, methodsLeftOut: 0, tests: 0 };
/** Groups of tests whose session has methods of the test's own. */
export const groupsWithOwnMethods = new Set();
let wereOwnMethodsRead = false;

const isOverOurs = store === "memoryStore";
const overOurs = isOverOurs ? middlewareOver(memoryStore()) : undefined;

/** Those of our engine open in a turn of their own, and a test wants its session at once. */
const opened = isOverOurs ? await Promise.all(Array.from({ length: 300 }, open)) : [];

Object.defineProperty(Object.prototype, "session", {
  configurable: true,
  get: () => undefined,
  set(value) {
    if (isPlain(value)) give(this, value);
    else Object.defineProperty(this, "session", { ...OWN, value });
  },
});
const OWN = { configurable: true, enumerable: true, writable: true };

function isPlain(value) {
  return Boolean(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function middlewareOver(kept, genid) {
  return session({
    secret: "keyboard cat",
    resave: false,
    saveUninitialized: false,
    store: kept,
    ...(genid && { genid }),
  });
}

/** A request that has come by the middleware. */
function open() {
  const request = new IncomingMessage(null);
  const response = new ServerResponse(request);
  // The ids that the tests give theirs, where the application may choose them.
  let count = 0;
  const middleware = overOurs ?? middlewareOver(new session.MemoryStore(), () => String(++count));
  const { promise, resolve, reject } = Promise.withResolvers();
  middleware(request, response, (error) => (error ? reject(error) : resolve(request)));
  return overOurs ? promise : request;
}

/** Lets a test's request have the session of one that came by the middleware, whichever it has by then. */
function give(request, wanted) {
  const behind = opened.pop() ?? open();
  if (behind instanceof Promise) throw new Error("Open more sessions beforehand.");
  let current;
  const put = (value) => {
    if (isPlain(value)) return fill(replaced(behind), value);
    current = value && methods === "ours" ? withItsMethods(value) : value;
    if (value) counted.given++;
  };
  const own = {
    configurable: true,
    enumerable: true,
    get() {
      if (current) noteRead(current);
      return current;
    },
    set: put,
  };
  const first = behind.session;
  Object.defineProperty(behind, "session", own);
  Object.defineProperty(request, "session", own);
  put(first);
  fill(current, wanted);
}

/** What a test's own `regenerate` puts in the place of the session is the store's next one. */
function replaced(behind) {
  behind.sessionStore.generate(behind);
  return behind.session;
}

function fill(given, wanted) {
  for (const [key, value] of Object.entries(wanted)) {
    // A session has its id by itself.
    if (key !== "id") given[key] = value;
    else if (given.id !== value && methods !== "ours") Object.defineProperty(given, key, { value });
  }
}

/** A session whose own methods are called, whatever a test puts in their place. */
function withItsMethods(real) {
  return new Proxy(real, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      return METHODS.has(key) ? value.bind(target) : value;
    },
    set(target, key, value) {
      if (METHODS.has(key)) counted.methodsLeftOut++;
      else target[key] = value;
      return true;
    },
  });
}

function noteRead(current) {
  counted.reads++;
  if (!(current instanceof session.Session)) counted.readsOfOthers++;
  wereOwnMethodsRead ||= [...METHODS].some((method) => Object.hasOwn(current, method));
}

const groups = new WeakSet();
let reads = 0;

/** What was read until here is of no test yet. */
export function beginTests() {
  reads = counted.reads;
  wereOwnMethodsRead = false;
}

/** What was read before a test is its group's. */
export function beginTest(group) {
  if (counted.reads > reads) groups.add(group);
  if (wereOwnMethodsRead) groupsWithOwnMethods.add(group);
  reads = counted.reads;
}

export function endTest(group) {
  if (counted.reads > reads || groups.has(group)) counted.tests++;
  reads = counted.reads;
  wereOwnMethodsRead = false;
}

process.on("exit", () => {
  console.log(`\nOn sessions of the drop-in: ${counted.tests} tests`);
  console.log(`Sessions given: ${counted.given}, read: ${counted.reads} times`);
  console.log(`Read, and no \`instanceof Session\`: ${counted.readsOfOthers} times`);
  if (methods === "ours") console.log(`Methods of tests left out: ${counted.methodsLeftOut}`);
  if (methods === "theirs") printGroups();
});

function printGroups() {
  console.log("Where a test puts methods of its own on the session:");
  for (const group of groupsWithOwnMethods) console.log(`  ${group.fullTitle()}`);
}
