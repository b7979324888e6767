// Loaded before the tests of a library. What they import of their library is ours, as an application has it;
// what they import of others comes from this folder, so that their checkout stays as it is.

import { existsSync, realpathSync } from "node:fs";
import { createRequire, isBuiltin, registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const { CHECKOUT = "", OURS = "" } = process.env;
const TESTS = pathToFileURL(`${realpathSync(CHECKOUT)}/test/`).href;
const HERE = import.meta.url;
const require = createRequire(HERE);
const LIBRARY = ["..", "../src/index.js"];

registerHooks({
  resolve(specifier, context, next) {
    if (!context.parentURL?.startsWith(TESTS)) return next(specifier, context);
    if (LIBRARY.includes(specifier)) return fromHere(OURS, context, next);
    if (!specifier.startsWith(".")) return fromHere(specifier, context, next);
    return next(asWritten(specifier, context.parentURL), context);
  },
});

function fromHere(specifier, context, next) {
  if (isBuiltin(specifier)) return next(specifier, context);
  // A `require` is resolved from where it stands, whatever a hook says.
  const isRequired = context.conditions.includes("require");
  return next(isRequired ? require.resolve(specifier) : specifier, { ...context, parentURL: HERE });
}

/** `./store.js` stands for `store.ts`, where nothing has been built. */
function asWritten(specifier, parent) {
  const typed = specifier.replace(/\.js$/, ".ts");
  return existsSync(fileURLToPath(new URL(typed, parent))) ? typed : specifier;
}
