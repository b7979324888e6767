import type { Setup } from "../setup.ts";
import { START, serverFiles } from "./server-files.ts";

const APPLICATION = `import { H3, redirect, serve } from "h3";
import { sessionMiddleware } from "sojourn/h3";
import { sessions } from "./sessions.ts";

const app = new H3().use(sessionMiddleware(sessions));

app.get("/", async (event) => {
  const session = await sessions.open(event);
  const visits = await session.update("visits", (n) => n + 1);
  event.res.headers.set("Content-Type", "text/html; charset=utf-8");
  return page(session.userId, visits);
});

app.post("/sign-in", async (event) => {
  const session = await sessions.open(event);
  const form = await event.req.formData();
  // Ask for a password here.
  await session.signIn(String(form.get("user")));
  return redirect("/", 303);
});

app.post("/sign-out", async (event) => {
  const session = await sessions.open(event);
  await session.signOut();
  return redirect("/", 303);
});

serve(app, { port: Number(process.env["PORT"] ?? 3000) });
`;

/** h3 2. */
export const H3: Setup = {
  name: "h3",
  title: "h3",
  dependency: "h3",
  files: (_project, store) =>
    serverFiles(store, APPLICATION, {
      sentence: "Mount the sessions before your middlewares:",
      text: 'app.use(sessionMiddleware(sessions)); // from "sojourn/h3" and "./sessions.ts"',
    }),
  next: START,
  guide: "docs/frameworks.md",
};
