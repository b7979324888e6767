// Auth.js in Express, by @auth/express: sessions in PostgreSQL by its adapter and a link by mail, or its default, a token
// in the cookie, and a password. Neither holds anything of the application's.
import { Auth, skipCSRFCheck } from "@auth/core";
import { getSession } from "@auth/express";
import PostgresAdapter from "@auth/pg-adapter";
import pg from "pg";
import { serveExpress } from "./support/express.js";

const [, , place] = process.argv;
const ORIGIN = `http://127.0.0.1:${process.env.PORT}`;
const emailOf = (name) => `${name}@example.com`;

const SESSIONS_OF =
  'select s.id from sessions s join users u on u.id = s."userId" where u.email = $1';
/** As its documentation has it. */
const SCHEMA = `
  create table if not exists verification_token (
    identifier text not null, expires timestamptz not null, token text not null,
    primary key (identifier, token));
  create table if not exists accounts (
    id serial primary key, "userId" integer not null, type varchar(255) not null,
    provider varchar(255) not null, "providerAccountId" varchar(255) not null, refresh_token text,
    access_token text, expires_at bigint, id_token text, scope text, session_state text, token_type text);
  create table if not exists sessions (
    id serial primary key, "userId" integer not null, expires timestamptz not null,
    "sessionToken" varchar(255) not null);
  create table if not exists users (
    id serial primary key, name varchar(255), email varchar(255), "emailVerified" timestamptz, image text);
`;

let pool;
/** The link that its mail would have brought. */
const links = new Map();
const base = {
  basePath: "/auth",
  secret: "a secret of thirty-two characters and more",
  trustHost: true,
  skipCSRFCheck,
  logger: { error: (error) => console.error(error), warn: () => undefined },
};
const config = place === "postgres" ? await inDatabase() : inCookie();

async function inDatabase() {
  pool = new pg.Pool({ connectionString: process.env.RACES_POSTGRES });
  // Without a listener an outage ends the process.
  pool.on("error", () => undefined);
  await pool.query(SCHEMA);
  const mail = {
    id: "mail",
    type: "email",
    name: "Mail",
    from: emailOf("shop"),
    maxAge: 3_600,
    options: {},
    sendVerificationRequest({ identifier, url }) {
      links.set(identifier, url);
    },
  };
  return { ...base, adapter: PostgresAdapter(pool), providers: [mail] };
}

function inCookie() {
  const password = {
    id: "password",
    type: "credentials",
    name: "Password",
    credentials: {},
    authorize: ({ name }) => ({ id: name, email: emailOf(name) }),
  };
  return { ...base, providers: [password] };
}

/** Calls it as a form of its pages does, and hands its cookies on. */
async function called({ req, res }, path, form, cookies = req.headers.cookie ?? "") {
  const init = form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) };
  const request = new Request(new URL(path, ORIGIN), { ...init, headers: { cookie: cookies } });
  const response = await Auth(request, config);
  for (const line of response.headers.getSetCookie()) res.append("set-cookie", line);
  if (response.headers.get("location")?.includes("error")) {
    throw new Error(`${path} leads to ${response.headers.get("location")}.`);
  }
}

async function signInByMail(context, name) {
  const email = emailOf(name);
  await called(context, "/auth/signin/mail", { email });
  const { pathname, search } = new URL(links.get(email));
  await called(context, pathname + search);
}

const face = {
  packages: [
    "@auth/express",
    "@auth/core",
    ...(place === "postgres" ? ["@auth/pg-adapter", "pg"] : []),
  ],
  open: ({ req }) => getSession(req, config),
  user: (session) => session?.user?.email?.split("@", 1)[0],
  values: () => ({}),
  signIn: (context, name) =>
    place === "postgres"
      ? signInByMail(context, name)
      : called(context, "/auth/callback/password", { name }),
  signOut: (context) => called(context, "/auth/signout", {}),
  ...(place === "postgres" && {
    list: async (name) => (await pool.query(SESSIONS_OF, [emailOf(name)])).rowCount,
    endAll: async (name) => {
      await pool.query(`delete from sessions where id in (${SESSIONS_OF})`, [emailOf(name)]);
    },
  }),
};

serveExpress(face);
