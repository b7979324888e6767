// @hapi/yar on hapi: node yar.js cookie | memory
import hapi from "@hapi/hapi";
import yar from "@hapi/yar";
import { answer } from "./support/contract.js";
import { HOST, PORT } from "./support/node.js";

const setting = process.argv[2];
const face = {
  packages: ["@hapi/yar", "@hapi/hapi"],
  open: ({ yar: session }) => session,
  user: (session) => session.get("user"),
  values: ({ _store }) => ({ ..._store, user: undefined }),
  set: (session, key, value) => session.set(key, value),
  async signIn({ yar: session }, user) {
    await session.reset();
    session.set("user", user);
  },
  signOut: ({ yar: session }) => session.reset(),
};

const server = hapi.server({ port: PORT, host: HOST });
await server.register({
  plugin: yar,
  options: {
    storeBlank: false,
    // With 0 everything is stored on the server; else what is small lies in the cookie.
    maxCookieSize: setting === "cookie" ? 1_024 : 0,
    cookieOptions: { password: "a password of thirty-two characters", isSecure: false },
  },
});
server.route({
  method: ["GET", "POST"],
  path: "/{path*}",
  async handler(request, h) {
    const url = `${request.path}${request.url.search}`;
    const { status, body, location } = await answer(
      face,
      request.method.toUpperCase(),
      url,
      request,
    );
    if (location !== undefined) return h.redirect(location).code(status);
    return h.response(body).code(status);
  },
});
await server.start();
