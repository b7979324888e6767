import type { Setup } from "../setup.ts";
import { webFiles } from "./web-files.ts";

const SERVE = `import { answer } from "./app.ts";

Deno.serve({ port: Number(process.env["PORT"] ?? 3000) }, (request, { remoteAddr }) =>
  answer(request, remoteAddr.hostname),
);
`;

/** Deno's own server, which no dependency shows: it is set up where it is named. */
export const DENO: Setup = {
  name: "deno",
  title: "Deno.serve",
  dependency: "Deno.serve",
  files: (_project, store) => webFiles(store, SERVE),
  next: [
    "Run deno run -A serve.ts, and open http://localhost:3000.",
    "Instead of -A it needs --allow-env, --allow-net, and for SQLite --allow-read and --allow-write.",
  ],
  guide: "docs/frameworks.md",
};
