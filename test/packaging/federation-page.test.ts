import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as jose from "jose";
import type { Sessions } from "sojourn";
import { identityOf, receiveLogout } from "sojourn/oidc";
import { testClient } from "sojourn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markdownExamples } from "./support/examples.ts";
import { type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

type Handler = (request: Request) => Promise<Response>;

const EXAMPLES = markdownExamples().filter(({ place }) => place.startsWith("docs/federation.md"));

let folder: string;
let provider: Awaited<ReturnType<typeof startProvider>>;
beforeAll(async () => {
  folder = folderInside("federation-page");
  provider = await startProvider();
});
afterAll(() => {
  provider.server.close();
  rmSync(folder, { recursive: true, force: true });
});

function written(words: string, changes: Readonly<Record<string, string>>): string {
  let code = EXAMPLES.find((example) => example.code.includes(words))?.code ?? "";
  for (const [from, to] of Object.entries(changes)) {
    expect(code).toContain(from);
    code = code.replaceAll(from, to);
  }
  const file = join(folder, `${words}.ts`);
  writeFileSync(file, code);
  return file;
}

/** A provider that signs in whoever asks, with the nonce that they bring. */
async function startProvider() {
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
  const jwk = { ...(await jose.exportJWK(publicKey)), alg: "ES256", use: "sig" };
  const asked: URLSearchParams[] = [];
  let nonce = "";
  let issuer = "";
  const sign = (claims: Record<string, unknown>, typ: string): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, exp: now + 120, jti: crypto.randomUUID() };
    return new jose.SignJWT({ iss: issuer, aud: "shop", ...times, ...claims })
      .setProtectedHeader({ alg: "ES256", typ })
      .sign(privateKey);
  };
  const server = createServer(async (req, res) => {
    res.setHeader("content-type", "application/json");
    if (req.url === "/jwks") return void res.end(JSON.stringify({ keys: [jwk] }));
    if (req.url === "/token") {
      asked.push(new URLSearchParams(await text(req)));
      const claims = { sub: "248289", sid: "s-1", nonce, auth_time: 1_700_000_000 };
      const id_token = await sign(claims, "JWT");
      return void res.end(JSON.stringify({ access_token: "a", token_type: "bearer", id_token }));
    }
    const endpoints = {
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ["ES256"],
    };
    res.end(JSON.stringify({ issuer, ...endpoints }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const expectNonce = (value: string | null): void => {
    nonce = value ?? "";
  };
  return { server, issuer, sign, asked, expectNonce };
}

const LOGOUT = { events: { "http://schemas.openid.net/event/backchannel-logout": {} } };

describe("the page on federation", () => {
  it("signs in by code, state, nonce and PKCE, once, and knows how old that is [NIST 5.2 federation]", async () => {
    const insecure = `process.env["CLIENT_SECRET"], undefined, { execute: [openid.allowInsecureRequests] }`;
    const file = written("signInFrom", {
      "https://id.example": provider.issuer,
      'process.env["CLIENT_SECRET"]': insecure,
      'sqliteStore("sessions.db")': 'sqliteStore(":memory:")',
      "async function userOf": "export { sessions };\nasync function userOf",
    });
    const page: { sessions: Sessions<object>; logIn: Handler; callback: Handler } = await import(
      /* @vite-ignore */ file
    );
    const { sessions, logIn, callback } = page;
    const routes: Record<string, Handler> = {
      // The client of the tests follows redirects, and this one leads away.
      "/login": async (request) => Response.json((await logIn(request)).headers.get("location")),
      "/callback": callback,
      "/me": async (request) => {
        const session = await sessions.open(request);
        return Response.json([session.userId, session.isFresh("1h"), identityOf(session)?.subject]);
      },
    };
    const client = testClient((request) => {
      const route = routes[new URL(request.url).pathname];
      return sessions.handle(request, async (each) => route?.(each) ?? new Response(null));
    });
    const address = new URL((await (await client.get("/login")).json()) as string);
    provider.expectNonce(address.searchParams.get("nonce"));
    const back = `/callback?code=c&state=${address.searchParams.get("state")}`;
    expect((await client.get(back)).status).toBe(200);
    const me = [`${provider.issuer} 248289`, false, "248289"];
    expect(await (await client.get("/me")).json()).toEqual(me);
    expect(provider.asked[0]?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
    expect((await client.get(back)).status).toBe(400);

    const token = await provider.sign({ sid: "s-1", ...LOGOUT }, "logout+jwt");
    expect(await receiveLogout(sessions, token)).toEqual({ ok: true, ended: 1 });
    expect(await (await client.get("/me")).json()).toEqual([null, false, null]);
    await sessions.close();
  });

  it("takes logout tokens and security events, and says little about others", async () => {
    const file = written("receiveSecurityEvent", {
      "https://id.example": provider.issuer,
      'sqliteStore("sessions.db")': 'sqliteStore(":memory:")',
      "app.listen(3000);": `const server = app.listen(0, "127.0.0.1", () => console.log(Object(server.address()).port));`,
    });
    const server: Server = await startServer([file], { cwd: folder });
    try {
      const post = async (path: string, type: string, body: string): Promise<unknown[]> => {
        const headers = { "content-type": type };
        const response = await fetch(server.origin + path, { method: "POST", headers, body });
        return [response.status, response.headers.get("cache-control")];
      };
      const form = "application/x-www-form-urlencoded";
      const logout = await provider.sign({ sid: "s-1", ...LOGOUT }, "logout+jwt");
      const event = await provider.sign(
        { sub_id: { format: "email", email: "ada@shop.example" }, events: { "urn:x": {} } },
        "secevent+jwt",
      );
      const secevent = "application/secevent+jwt";
      expect(await post("/back-channel-logout", form, `logout_token=${logout}`)).toEqual([
        200,
        "no-store",
      ]);
      expect(await post("/back-channel-logout", form, "logout_token=a.b.c")).toEqual([
        400,
        "no-store",
      ]);
      expect(await post("/back-channel-logout", "text/plain", "")).toEqual([400, "no-store"]);
      expect(await post("/security-events", secevent, event)).toEqual([202, "no-store"]);
      expect(await post("/security-events", secevent, logout)).toEqual([400, "no-store"]);
    } finally {
      await server.stop();
    }
  });
});
