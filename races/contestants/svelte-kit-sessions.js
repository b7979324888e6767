// svelte-kit-sessions: its handle, with the part of SvelteKit's event that it asks for, over Redis. By its
// path, as it is exported for bundlers alone.
import { sveltekitSessionHandle } from "../node_modules/svelte-kit-sessions/dist/index.js";
import { respond, serveFetch } from "./support/fetch.js";
import { jsonInRedis } from "./support/redis.js";

const redis = await jsonInRedis();
const handle = sveltekitSessionHandle({
  secret: "a secret of thirty-two characters",
  store: {
    get: async (id) => (await redis.get(id)) ?? null,
    set: redis.set,
    destroy: redis.delete,
    touch: async () => undefined,
  },
});

const open = ({ locals }) => locals.session;
const face = {
  packages: ["svelte-kit-sessions"],
  open,
  user: (session) => session.data.user,
  values: (session) => ({ ...session.data, user: undefined }),
  set: (session, key, value) => session.setData({ ...session.data, [key]: value }),
  save: (_event, session) => session.save(),
  async signIn(event, user) {
    const session = await open(event).regenerate();
    await session.setData({ user });
    await session.save();
  },
  signOut: (event) => open(event).destroy(),
};

serveFetch((request) => {
  const set = new Map();
  const event = { request, locals: {}, cookies: cookiesOf(request, set) };
  const headers = () => [...set.values()].map((line) => ["set-cookie", line]);
  return handle({ event, resolve: () => respond(face, request, event, headers) });
});

function cookiesOf(request, set) {
  const sent = new Map(
    (request.headers.get("cookie") ?? "").split("; ").map((pair) => pair.split("=", 2)),
  );
  return {
    get: (name) => (sent.has(name) ? decodeURIComponent(sent.get(name)) : undefined),
    set: (name, value) => set.set(name, `${name}=${encodeURIComponent(value)}; Path=/`),
    delete: (name) => set.set(name, `${name}=; Path=/; Max-Age=0`),
  };
}
