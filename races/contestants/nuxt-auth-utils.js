// nuxt-auth-utils on the h3 1 that it brings along, without Nuxt: of that its sessions ask for the configuration
// alone, which is here as the module sets it.
import { registerHooks } from "node:module";
import { answer } from "./support/contract.js";
import { listen } from "./support/node.js";

const CONFIG = {
  session: {
    name: "nuxt-session",
    password: "a password of thirty-two characters",
    cookie: { sameSite: "lax" },
  },
};
const IMPORTS = `export const useRuntimeConfig = () => (${JSON.stringify(CONFIG)});`;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "#imports") return next(specifier, context);
    return { url: `data:text/javascript,${encodeURIComponent(IMPORTS)}`, shortCircuit: true };
  },
});

const FOLDER = new URL("../node_modules/nuxt-auth-utils/", import.meta.url);
const from = (path) => import(new URL(path, FOLDER));
const { createApp, eventHandler, sendRedirect, setResponseStatus, toNodeListener } = await from(
  "node_modules/h3/dist/index.mjs",
);
const { clearUserSession, getUserSession, setUserSession } = await from(
  "dist/runtime/server/utils/session.js",
);

const face = {
  packages: ["nuxt-auth-utils", "nuxt-auth-utils/node_modules/h3"],
  open: async (event) => ({ event, data: await getUserSession(event) }),
  user: ({ data }) => data.user,
  values: ({ data: { user, id, ...values } }) => values,
  set: ({ event }, key, value) => setUserSession(event, { [key]: value }),
  signIn: (event, user) => setUserSession(event, { user }),
  signOut: (event) => clearUserSession(event),
};

const app = createApp();
app.use(
  eventHandler(async (event) => {
    const { status, body, location } = await answer(face, event.method, event.path, event);
    if (location !== undefined) return sendRedirect(event, location, status);
    setResponseStatus(event, status);
    return body;
  }),
);
listen(toNodeListener(app));
