// better-auth on node:http, over PostgreSQL. Its sessions hold the fields that are declared for them, each in a column of
// its own; visitors without an account are its plugin's anonymous users.
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { anonymous } from "better-auth/plugins";
import pg from "pg";
import { serveNode } from "./support/node.js";

/** What the races set. */
const KEYS = [
  ..."one two three four before slow quick mine secret cart late meanwhile count".split(" "),
  ...Array.from({ length: 50 }, (_, index) => `key${index}`),
];
const PASSWORD = "a password of the races";
const USERS = ["ada", "bea", "victim", "attacker"];
const emailOf = (name) => `${name}@example.com`;

const pool = new pg.Pool({ connectionString: process.env.RACES_POSTGRES });
// Without a listener an outage ends the process.
pool.on("error", () => undefined);

const options = {
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: "a secret of thirty-two characters and more",
  database: pool,
  telemetry: { enabled: false },
  emailAndPassword: {
    enabled: true,
    // How long a password takes is no matter of sessions.
    password: {
      hash: async (password) => password,
      verify: async ({ hash, password }) => hash === password,
    },
  },
  session: {
    additionalFields: Object.fromEntries(
      KEYS.map((key) => [key, { type: "number", required: false }]),
    ),
  },
  plugins: [anonymous()],
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
const { internalAdapter } = await auth.$context;

async function userNamed(name) {
  return (await internalAdapter.findUserByEmail(emailOf(name)))?.user;
}

for (const name of USERS) {
  if (await userNamed(name)) continue;
  await auth.api.signUpEmail({ body: { name, email: emailOf(name), password: PASSWORD } });
}

/** As its own handler answers. */
function failed(error) {
  throw Object.assign(new Error(error.message, { cause: error }), { status: error.statusCode });
}

/** Calls its API for a request, whose response gets the cookies. */
async function called(method, context, body) {
  const headers = new Headers({ cookie: context.cookie ?? context.req.headers.cookie ?? "" });
  const answered = await auth.api[method]({ headers, body, returnHeaders: true }).catch(failed);
  const lines = answered.headers.getSetCookie();
  for (const line of lines) context.res.appendHeader("set-cookie", line);
  if (lines.length > 0) context.cookie = lines.map((line) => line.split(";", 1)[0]).join("; ");
  return answered.response;
}

serveNode({
  packages: ["better-auth", "pg"],
  open: async (context) => ({ context, found: await called("getSession", context) }),
  user: ({ found }) => (found?.user.isAnonymous ? undefined : found?.user.name),
  values: ({ found }) =>
    Object.fromEntries(
      KEYS.map((key) => [key, found?.session[key]]).filter(([, value]) => value != null),
    ),
  async set({ context, found }, key, value) {
    if (found === null) await called("signInAnonymous", context);
    await called("updateSession", context, { [key]: value });
  },
  signIn: (context, name) =>
    called("signInEmail", context, { email: emailOf(name), password: PASSWORD }),
  signOut: (context) => called("signOut", context),
  async list(name) {
    const user = await userNamed(name);
    return (await internalAdapter.listSessions(user.id)).length;
  },
  async endAll(name) {
    const user = await userNamed(name);
    await internalAdapter.deleteUserSessions(user.id);
  },
});
