import type { Setup } from "../setup.ts";
import { START, serverFiles } from "./server-files.ts";

const APPLICATION = `import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { sessionMiddleware } from "sojourn/node";
import { sessions } from "./sessions.ts";

const withSessions = sessionMiddleware(sessions);

const server = createServer((req, res) => withSessions(req, res, () => answer(req, res)));

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const session = await sessions.open(req);
  switch (\`\${req.method} \${req.url}\`) {
    case "GET /": {
      const visits = await session.update("visits", (n) => n + 1);
      res.setHeader("Content-Type", "text/html; charset=utf-8");
      res.end(page(session.userId, visits));
      break;
    }
    case "POST /sign-in": {
      const form = new URLSearchParams(await text(req));
      // Ask for a password here.
      await session.signIn(form.get("user") ?? "");
      res.writeHead(303, { Location: "/" }).end();
      break;
    }
    case "POST /sign-out":
      await session.signOut();
      res.writeHead(303, { Location: "/" }).end();
      break;
    default:
      res.writeHead(404).end();
  }
}

server.listen(Number(process.env["PORT"] ?? 3000));
`;

/** Node's own server, which no dependency shows: it is set up where it is named. */
export const NODE: Setup = {
  name: "node",
  title: "node:http",
  dependency: "node:http",
  files: (_project, store) =>
    serverFiles(store, APPLICATION, {
      sentence: "Answer each request within the sessions:",
      text: "createServer((req, res) => sessionMiddleware(sessions)(req, res, () => answer(req, res)));",
    }),
  next: START,
  guide: "docs/node.md",
};
