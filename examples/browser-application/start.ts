import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { allowInsecureRequests, discovery } from "openid-client";
import { notesApi } from "./api.ts";
import { application } from "./application.ts";
import { identityProvider } from "./provider.ts";

/** A provider, an API and the application, each on a port of its own, as three machines would have them. */
const [forProvider, forApi, forPages] = [createServer(), createServer(), createServer()];
const issuer = await listening(forProvider, 0, "127.0.0.1");
const api = await listening(forApi, 0, "127.0.0.1");
const origin = await listening(forPages, Number(process.env["PORT"] ?? 3200), "localhost");

const clientId = "notes";
const clientSecret = randomBytes(32).toString("base64url");
const lifetimeOf = (): number => 60;
const registration = { issuer, clientId, clientSecret, origin, backChannel: origin, lifetimeOf };
forProvider.on("request", (await identityProvider(registration)).callback());
forApi.on("request", notesApi(issuer));
const insecure = { execute: [allowInsecureRequests] };
const provider = await discovery(new URL(issuer), clientId, clientSecret, undefined, insecure);
forPages.on("request", application({ provider, clientId, origin, api }));
console.log(`Notes are kept at ${origin}, and people known at ${issuer} (Ctrl-C ends both)`);

async function listening(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, "listening");
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}
