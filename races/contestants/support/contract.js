// The nine routes of docs/races.md, for any framework: a contestant says how its library opens, changes
// and ends a session (its "face"), and its framework hands requests to `answer`.
import { readFileSync } from "node:fs";

/** What the library's session is asked for, with the words that its own documentation uses. */
export function answer(face, method, url, context) {
  const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
  const [, route, name = "", end] = pathname.split("/").map(decodeURIComponent);
  const work = () => waitAt(searchParams.get("wait"));
  const steps = routes[`${method} ${[route, end].filter(Boolean).join("/")}`];
  if (steps === undefined) return { status: 404, body: {} };
  if (face.set === undefined && WRITE.has(route)) return { status: 501, body: {} };
  return steps({ face, context, name, work });
}

/** Not for a library whose sessions hold nothing of the application's. */
const WRITE = new Set(["set", "increment", "redirect"]);

const routes = {
  "GET about": async ({ face }) =>
    answerWith({
      runtime: `Node ${process.versions.node}`,
      versions: versionsOf(face.packages),
    }),

  "GET read": async ({ face, context, work }) => {
    const session = await face.open(context);
    await work();
    return answerWith({ user: face.user(session) ?? null, values: face.values(session) });
  },

  "POST set": async (request) => {
    await change(request, (face, session) => face.set(session, request.name, 1));
    return answerWith({});
  },

  "POST increment": async (request) => {
    await change(request, incrementOf);
    return answerWith({});
  },

  "POST redirect": async (request) => {
    await change(request, (face, session) => face.set(session, request.name, 1));
    await request.face.beforeRedirect?.(request.context);
    return { status: 303, location: "/read" };
  },

  "POST sign-in": async ({ face, context, name }) => {
    await face.signIn(context, name);
    return answerWith({});
  },

  "POST sign-out": async ({ face, context }) => {
    await face.signOut(context);
    return answerWith({});
  },

  "GET users": async ({ face, name }) => {
    if (face.list === undefined) return { status: 501, body: {} };
    return answerWith({ sessions: await face.list(name) });
  },

  "POST users/end": async ({ face, name }) => {
    if (face.endAll === undefined) return { status: 501, body: {} };
    await face.endAll(name);
    return answerWith({});
  },
};

function answerWith(body) {
  return { status: 200, body };
}

/** Read, work, write: what a handler does that asks a database or another service meanwhile. */
async function change({ face, context, work }, edit) {
  const session = await face.open(context);
  face.values(session);
  await work();
  await edit(face, session);
  await face.save?.(context, session);
}

function incrementOf(face, session) {
  if (face.increment !== undefined) return face.increment(session);
  return face.set(session, "count", (face.values(session).count ?? 0) + 1);
}

async function waitAt(gate) {
  if (gate !== null) await (await fetch(gate)).text();
}

function versionsOf(packages) {
  // One that another brings along is named by its path: `nuxt-auth-utils/node_modules/h3`.
  const named = packages.map((path) => [path.split("/node_modules/").at(-1), versionOf(path)]);
  return Object.fromEntries(named);
}

/** The nearest installed one, as Node resolves it; ours is the checkout. */
function versionOf(name) {
  if (name === "sojourn") return packageAt("../../../package.json").version;
  for (const up of ["../..", "../../.."]) {
    const found = packageAt(`${up}/node_modules/${name}/package.json`);
    if (found !== undefined) return found.version;
  }
  throw new Error(`${name} is not installed.`);
}

function packageAt(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
  } catch {
    return undefined;
  }
}

/** A session that is a plain object, with the user under a key of its own. */
export const plainObject = {
  user: (session) => session.user,
  values: ({ user, cookie, ...values }) => values,
  set: (session, key, value) => {
    session[key] = value;
  },
};
