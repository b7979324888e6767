// Loaded by mocha before express-session's own tests. What they require of their library is ours, and
// what they require of others comes from this folder, so that their checkout stays as it is.

const { dirname, join, sep } = require("node:path");
const Module = require("node:module");

const { CHECKOUT } = process.env;
const library = Module.createRequire(join(__dirname, "../../../../package.json"));
const OURS = {
  "index.js": "sojourn/express-session",
  "session/cookie.js": "sojourn/express-session/session/cookie",
};

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  const from = parent?.filename ?? "";
  if (!from.startsWith(CHECKOUT + sep)) return resolve.call(this, request, parent, ...rest);
  if (!request.startsWith(".")) return require.resolve(request);
  const file = resolve.call(this, request, parent, ...rest);
  if (file.startsWith(join(CHECKOUT, "test") + sep)) return file;
  const ours = OURS[file.slice(CHECKOUT.length + 1).replaceAll(sep, "/")];
  if (ours === undefined) throw new Error(`${request} of ${dirname(from)} has nothing of ours.`);
  return library.resolve(ours);
};
