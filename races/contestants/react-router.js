// Session storages of React Router: node react-router.js cookie | memory | files
import { createFileSessionStorage } from "@react-router/node";
import { createCookieSessionStorage, createMemorySessionStorage } from "react-router";
import { respond, serveFetch } from "./support/fetch.js";

const cookie = {
  name: "session",
  secrets: ["a secret"],
  path: "/",
  httpOnly: true,
  maxAge: 86_400,
};
const storages = {
  cookie: () => createCookieSessionStorage({ cookie }),
  memory: () => createMemorySessionStorage({ cookie }),
  files: () => createFileSessionStorage({ cookie, dir: process.env.RACES_FOLDER }),
};
const setting = process.argv[2];
const { getSession, commitSession, destroySession } = storages[setting]();

const face = {
  packages: ["react-router", ...(setting === "files" ? ["@react-router/node"] : [])],
  open: ({ request }) => getSession(request.headers.get("cookie")),
  user: (session) => session.get("user"),
  values: (session) => ({ ...session.data, user: undefined }),
  set: (session, key, value) => session.set(key, value),
  async save(context, session) {
    context.setCookie = await commitSession(session);
  },
  // A session keeps its id; a new one beside the old, which is destroyed, is what its storage offers.
  async signIn(context, user) {
    await destroySession(await face.open(context));
    const session = await getSession();
    session.set("user", user);
    await face.save(context, session);
  },
  async signOut(context) {
    context.setCookie = await destroySession(await face.open(context));
  },
};

serveFetch((request) => respond(face, request, { request }, cookiesOf));

function cookiesOf({ setCookie }) {
  return setCookie === undefined ? {} : { "set-cookie": setCookie };
}
