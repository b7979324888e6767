import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Browser, chromium } from "playwright-core";
import { openAccounts } from "../../../demo/accounts.ts";
import { PasswordGuard } from "../../../demo/password-guard.ts";
import { SessionLog } from "../../../demo/session-log.ts";
import { shopSessions } from "../../../demo/sessions.ts";
import { createShop } from "../../../demo/shop.ts";
import { bareShop } from "./bare-shop.ts";

/** What the attacks are made on, and from where. */
interface Origins {
  /** The demo shop. */
  readonly shop: string;
  /** The shop without a defence. */
  readonly bare: string;
}

/** The demo shop, one without a defence, and whoever attacks them, in one process. */
export interface AttackSites {
  /** Over TLS, with names of their own. */
  readonly secure: Origins;
  /** At localhost, over plain HTTP, on a port each. */
  readonly local: Origins & { readonly foreignPort: number };
  readonly browser: Browser;
  /** The origin of a host beside another one: of the same site. */
  siblingOf(origin: string): string;
  close(): Promise<void>;
}

const PAGE = "<!doctype html><title>elsewhere</title><body></body>";

export async function openAttackSites(): Promise<AttackSites> {
  const database = new DatabaseSync(":memory:");
  const sessions = shopSessions(database);
  const accounts = openAccounts(database);
  const log = new SessionLog(sessions);
  const shop = createShop({ sessions, accounts, guard: new PasswordGuard(accounts), log });
  const bare = bareShop();
  const { key, cert, spki } = selfSigned();
  const byHost: RequestListener = (req, res) => {
    const [host] = (req.headers.host ?? "").split(":");
    if (host === "shop.test") shop(req, res);
    else if (host === "bare.test") bare(req, res);
    else elsewhere(req, res);
  };
  const servers = [
    createSecureServer({ key, cert }, byHost),
    createServer(shop),
    createServer(bare),
    createServer(elsewhere),
  ];
  const [securePort = 0, shopPort, barePort, foreignPort = 0] = await Promise.all(
    servers.map(listening),
  );
  const browser = await openAttackedBrowser(spki);
  return {
    browser,
    secure: { shop: `https://shop.test:${securePort}`, bare: `https://bare.test:${securePort}` },
    local: {
      shop: `http://localhost:${shopPort}`,
      bare: `http://localhost:${barePort}`,
      foreignPort,
    },
    siblingOf: (origin) => origin.replace("://", "://evil."),
    async close() {
      await browser.close();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      log.close();
      await sessions.close();
      database.close();
    },
  };
}

/** A page of somebody else, which sets whatever cookie it is asked to. */
const elsewhere: RequestListener = (req, res) => {
  const { searchParams } = new URL(req.url ?? "/", "http://elsewhere");
  const lines = searchParams.getAll("line");
  res.setHeader("Content-Type", "text/html");
  if (lines.length > 0) res.setHeader("Set-Cookie", lines);
  res.end(PAGE);
};

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A certificate that nobody has signed but its own key, and the hash by which Chromium takes it. */
function selfSigned(): { readonly key: Buffer; readonly cert: Buffer; readonly spki: string } {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-tls-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const names = ["shop", "bare", "other"].flatMap((name) => [`${name}.test`, `*.${name}.test`]);
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-subj", "/CN=shop.test", "-days", "2", "-keyout", keyFile, "-out", certFile],
      ...["-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`],
    ],
    { stdio: "ignore" },
  );
  const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
  rmSync(folder, { recursive: true });
  const publicKey = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return { key, cert, spki: createHash("sha256").update(publicKey).digest("base64") };
}

/** Chromium as users have it: it keeps pages for the back button, which test tools switch off. */
function openAttackedBrowser(spki: string): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      "--host-resolver-rules=MAP *.test 127.0.0.1",
      `--ignore-certificate-errors-spki-list=${spki}`,
    ],
  });
}
