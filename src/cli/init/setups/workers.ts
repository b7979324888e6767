import type { Setup, StoreSetup } from "../setup.ts";
import { webFiles } from "./web-files.ts";

const SESSIONS = `import { createSessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";

// A Worker has no file and keeps no memory: the sessions travel sealed in their visitors' cookies.
export const sessions = createSessions<{ visits: number }>({
  // With a database that it can reach, that one as revocations: then a sign-out ends copies, too.
  store: cookieStore({
    revocations: "none: a copied cookie works until it expires, signed out or not",
  }),
  // One for each line; npx sojourn secret makes one. The first seals, all open.
  keys: (process.env["SESSION_KEYS"] ?? "").split(/\\s+/).filter(Boolean),
  defaults: { visits: 0 },
});
`;

const WORKER = `import { answer } from "./app.ts";

export default {
  // A Worker is told no address of a socket; wrangler dev listens to this machine alone.
  fetch: (request: Request): Promise<Response> =>
    answer(request, process.env["NODE_ENV"] === "development" ? "127.0.0.1" : undefined),
};
`;

const WRANGLER = `{
  "name": "sessions",
  "main": "worker.ts",
  "compatibility_date": "2026-06-01",
  "compatibility_flags": ["nodejs_compat"],
  "vars": { "NODE_ENV": "production" }
}
`;

const COOKIES: StoreSetup = {
  name: "cookies",
  imports: ['import { cookieStore } from "sojourn/cookie";'],
  statements: [],
  expression: "cookieStore({",
  driver: undefined,
};

/** Cloudflare Workers, which no dependency shows: they are set up where they are named. */
export const WORKERS: Setup = {
  name: "workers",
  title: "Cloudflare Workers",
  dependency: "Cloudflare Workers",
  store: COOKIES,
  files: () => [
    ...webFiles(COOKIES, WORKER, "worker.ts").map((file) =>
      file.path === "sessions.ts"
        ? { ...file, text: SESSIONS, addition: { ...file.addition, text: SESSIONS } }
        : file,
    ),
    {
      path: "wrangler.jsonc",
      text: WRANGLER,
      addition: {
        sentence: "Workers must have Node's modules, and know the mode:",
        text: WRANGLER,
      },
    },
  ],
  next: [
    "npx sojourn secret | npx wrangler secret put SESSION_KEYS",
    "In .dev.vars: NODE_ENV=development, and SESSION_KEYS with a key of its own.",
    "npx wrangler dev",
  ],
  guide: "docs/frameworks.md",
};
