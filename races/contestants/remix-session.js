// @remix-run/session (Remix 3): node remix-session.js cookie | memory | files
import { createCookieSessionStorage } from "@remix-run/session/cookie-storage";
import { createFsSessionStorage } from "@remix-run/session/fs-storage";
import { createMemorySessionStorage } from "@remix-run/session/memory-storage";
import { respond, serveFetch } from "./support/fetch.js";

const setting = process.argv[2];
const storage = {
  cookie: () => createCookieSessionStorage(),
  memory: () => createMemorySessionStorage(),
  files: () => createFsSessionStorage(process.env.RACES_FOLDER),
}[setting]();

const face = {
  packages: ["@remix-run/session"],
  open: ({ session }) => session,
  user: (session) => session.get("user"),
  values: (session) => ({ ...session.data?.[0], user: undefined }),
  set: (session, key, value) => session.set(key, value),
  signIn({ session }, user) {
    session.regenerateId(true);
    session.set("user", user);
  },
  signOut: ({ session }) => session.destroy(),
};

// Its cookie is signed by @remix-run/cookie in an application; none is forged here but at random.
serveFetch(async (request) => {
  const sent = /(?:^|; )session=([^;]*)/.exec(request.headers.get("cookie") ?? "")?.[1];
  const session = await storage.read(sent === undefined ? null : decodeURIComponent(sent));
  return respond(face, request, { session }, async () => {
    const saved = await storage.save(session);
    return saved === null ? {} : { "set-cookie": `session=${encodeURIComponent(saved)}; Path=/` };
  });
});
