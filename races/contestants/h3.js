// useSession of h3 2.
import { H3, redirect, serve, useSession } from "h3";
import { answer } from "./support/contract.js";
import { HOST, PORT } from "./support/node.js";

const open = (event) => useSession(event, { password: "a password of thirty-two characters" });

const face = {
  packages: ["h3"],
  open,
  user: (session) => session.data.user,
  values: (session) => ({ ...session.data, user: undefined }),
  set: (session, key, value) => session.update({ [key]: value }),
  increment: (session) => session.update(({ count = 0 }) => ({ count: count + 1 })),
  async signIn(event, user) {
    const old = await open(event);
    await old.clear();
    await (await open(event)).update({ user });
  },
  signOut: async (event) => (await open(event)).clear(),
};

const app = new H3();
app.all("/**", async (event) => {
  const { status, body, location } = await answer(face, event.req.method, event.req.url, event);
  if (location !== undefined) return redirect(location, status);
  event.res.status = status;
  return body;
});
serve(app, { port: PORT, hostname: HOST });
