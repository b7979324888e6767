import { bare, literalText, type Syntax, wrapped } from "../syntax.ts";
import { type Manner, quoted, type Rewrite, stays } from "./rewrite.ts";
import { isUnused, isUnusedOrReturned } from "./unused.ts";

/** What ours are called. express-session's `regenerate` begins an empty session, as `signOut` does. */
const METHODS: Readonly<Record<string, string>> = {
  destroy: "destroy",
  regenerate: "signOut",
  save: "save",
};

export function isMethod(name: string): boolean {
  return Object.hasOwn(METHODS, name) || name === "hasOwnProperty";
}

/** What a call of one of express-session's methods becomes. */
export function methodRewritten(call: Syntax, name: string, manner: Manner): Rewrite {
  const given = call.last?.kind === "arguments" ? call.last : undefined;
  const [callback, ...more] = given?.children ?? [];
  if (given === undefined || more.length > 0) return stays("a call that is not known", true);
  if (name === "hasOwnProperty") return asked(call, callback, manner);
  if (manner.isMaybe) return stays("there may be no session here, and it is ended or stored", true);
  const method = `${manner.session}.${METHODS[name]}`;
  if (callback === undefined) return awaited(call, method, manner);
  if (!isUnusedOrReturned(call)) return stays("the result of the call is used", true);
  if (!CALLBACKS.has(bare(callback).kind)) return stays("the callback is made elsewhere", true);
  const head = `${manner.calledBack}(${method}(), `;
  return { edits: [{ start: call.start, end: given.start + 1, text: head }] };
}

const CALLBACKS = new Set([
  "arrow_function",
  "function_expression",
  "identifier",
  "member_expression",
  "call_expression",
]);

function asked(call: Syntax, name: Syntax | undefined, manner: Manner): Rewrite {
  const key = literalText(name);
  if (key === undefined) return stays("the key is not known before it runs");
  const text = `${manner.session}.has(${quoted(key, manner)})`;
  return { edits: [{ start: call.start, end: call.end, text }] };
}

/** Without a callback nobody heard of the failure; here the request does. */
function awaited(call: Syntax, method: string, manner: Manner): Rewrite {
  const outer = wrapped(call);
  const edit = { start: call.start, end: call.end, text: `${method}()` };
  if (outer.parent?.kind === "await_expression") return { edits: [edit] };
  if (!isUnused(call)) return stays("the result of the call is used", true);
  if (!manner.canAwait(call)) return stays("nobody here can wait until it is done", true);
  return { edits: [{ ...edit, text: `await ${method}()` }] };
}
