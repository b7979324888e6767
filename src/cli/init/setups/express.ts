import type { Setup } from "../setup.ts";
import { START, serverFiles } from "./server-files.ts";

const APPLICATION = `import express from "express";
import { sessionMiddleware } from "sojourn/express";
import { sessions } from "./sessions.ts";

const app = express();
app.use(sessionMiddleware(sessions), express.urlencoded());

app.get("/", async (req, res) => {
  const session = await sessions.open(req);
  const visits = await session.update("visits", (n) => n + 1);
  res.send(page(session.userId, visits));
});

app.post("/sign-in", async (req, res) => {
  const session = await sessions.open(req);
  // Ask for a password here.
  await session.signIn(String(req.body.user));
  res.redirect(303, "/");
});

app.post("/sign-out", async (req, res) => {
  const session = await sessions.open(req);
  await session.signOut();
  res.redirect(303, "/");
});

app.listen(Number(process.env["PORT"] ?? 3000));
`;

/** Express 5. */
export const EXPRESS: Setup = {
  name: "express",
  title: "Express",
  dependency: "express",
  files: (_project, store) =>
    serverFiles(store, APPLICATION, {
      sentence: "Mount the sessions before your routes:",
      text: 'app.use(sessionMiddleware(sessions)); // from "sojourn/express" and "./sessions.ts"',
    }),
  next: START,
  guide: "docs/express.md",
};
