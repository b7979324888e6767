import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as jose from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/servers/test-server.ts";
import { markdownExamples } from "./support/examples.ts";
import { type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

let folder: string;
let data: string;
let server: Server;
let url: string;

beforeAll(async () => {
  folder = folderInside("device-binding");
  data = mkdtempSync(join(tmpdir(), "sojourn-device-binding-"));
  const port = await freePort();
  url = `http://localhost:${port}`;
  const listening = "app.listen(3000);";
  const recipes = markdownExamples().filter(({ place }) => place.startsWith("docs/device-binding"));
  const code = recipes.find((recipe) => recipe.code.includes(listening))?.code ?? "";
  const file = join(folder, "app.ts");
  writeFileSync(file, code.replace(listening, `app.listen(${port}, () => console.log(${port}));`));
  server = await startServer([file], { cwd: data });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

async function signIn(): Promise<{ cookie: string; header: string; deviceKey: string }> {
  const answer = await fetch(`${url}/sign-in`, { method: "POST" });
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const header = answer.headers.get("secure-session-registration") ?? "";
  const { deviceKey } = (await answer.json()) as { deviceKey: string };
  return { cookie, header, deviceKey };
}

async function signed(header: object, claims: object, key: jose.CryptoKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  const protectedHeader = { alg: "ES256", ...header };
  return new jose.CompactSign(payload).setProtectedHeader(protectedHeader).sign(key);
}

describe("docs/device-binding.md", () => {
  it("binds a session as it shows", async () => {
    const { cookie, header } = await signIn();
    const [, path = "", jti = ""] = /path="([^"]*)";challenge="([^"]*)"/.exec(header) ?? [];
    const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
    const jwk = await jose.exportJWK(publicKey);
    const answer = await fetch(url + path, {
      method: "POST",
      headers: {
        cookie,
        "secure-session-response": await signed({ typ: "dbsc+jwt", jwk }, { jti }, privateKey),
      },
    });
    expect(answer.status).toBe(200);
    const [bound = ""] = answer.headers.getSetCookie();
    const account = await fetch(`${url}/account`, {
      headers: { cookie: `${cookie}; ${bound.split(";")[0]}` },
    });
    expect(await account.text()).toBe("Hello, ada.");
  });

  it("takes a transfer with the page's key alone", async () => {
    const { cookie, deviceKey } = await signIn();
    const copied = await fetch(`${url}/transfer`, { method: "POST", headers: { cookie } });
    expect(copied.status).toBe(401);
    const [id, jti] = deviceKey.split(".");
    const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
    const jwk = await jose.exportJWK(publicKey);
    const dpop = await signed({ typ: "sojourn-key+jwt", jwk }, { jti }, privateKey);
    const taken = await fetch(`${url}/dbsc/key/${id}`, { method: "POST", headers: { dpop } });
    expect(taken.status).toBe(200);
  });
});
