// iron-session on node:http.
import { getIronSession } from "iron-session";
import { plainObject } from "./support/contract.js";
import { serveNode } from "./support/node.js";

const options = {
  cookieName: "session",
  password: "a password of thirty-two characters",
  cookieOptions: { secure: false },
};
const open = ({ req, res }) => getIronSession(req, res, options);

serveNode({
  ...plainObject,
  packages: ["iron-session"],
  open,
  values: ({ user, save, destroy, updateConfig, ...values }) => values,
  save: (_context, session) => session.save(),
  async signIn(context, user) {
    const session = await open(context);
    session.user = user;
    await session.save();
  },
  signOut: async (context) => (await open(context)).destroy(),
});
