import { createServer } from "node:http";
import { answer } from "./contract.js";

/** Where the runner expects the application. */
export const PORT = Number(process.env.PORT);
export const HOST = "127.0.0.1";

export function listen(listener) {
  createServer(listener).listen(PORT, HOST);
}

/** An application on Node's `http` alone. */
export function serveNode(face) {
  listen((req, res) => {
    handle(face, req, res).catch((error) => {
      console.error(error);
      if (!res.headersSent) res.writeHead(error.status ?? 500);
      res.end();
    });
  });
}

async function handle(face, req, res) {
  const { status, body, location } = await answer(face, req.method, req.url, { req, res });
  if (location !== undefined) res.writeHead(status, { location }).end();
  else res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
