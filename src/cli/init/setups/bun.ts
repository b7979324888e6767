import type { Setup } from "../setup.ts";
import { webFiles } from "./web-files.ts";

const SERVE = `import { answer } from "./app.ts";

Bun.serve({
  port: Number(process.env["PORT"] ?? 3000),
  fetch: (request, server) => answer(request, server.requestIP(request)?.address),
});
`;

/** Bun's own server, which no dependency shows: it is set up where it is named. */
export const BUN: Setup = {
  name: "bun",
  title: "Bun.serve",
  dependency: "Bun.serve",
  files: (_project, store) => webFiles(store, SERVE),
  next: ["Run bun serve.ts, and open http://localhost:3000."],
  guide: "docs/frameworks.md",
};
