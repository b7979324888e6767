import { createServer } from "node:http";
import next from "next";
import { sessionMiddleware } from "sojourn/node";
import { sessions } from "./lib/ways.ts";

const app = next({ dev: false });
const handle = app.getRequestHandler();
await app.prepare();

const withSessions = sessionMiddleware(sessions);
const server = createServer((req, res) => withSessions(req, res, () => handle(req, res)));
server.listen(Number(process.env["PORT"]), "127.0.0.1");
