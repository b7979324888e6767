import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate of our own, and what Chromium knows it by. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the public key, base64. */
  readonly spki: string;
}

export function newCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-dbsc-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const names = "subjectAltName=DNS:shop.test,DNS:*.shop.test,DNS:elsewhere.test,DNS:localhost";
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        ...["-keyout", key, "-out", cert, "-days", "30", "-subj", "/CN=shop.test"],
        ...["-addext", names],
      ],
      { stdio: "ignore" },
    );
    const text = readFileSync(cert, "utf8");
    const spkiBytes = new X509Certificate(text).publicKey.export({ type: "spki", format: "der" });
    const spki = createHash("sha256").update(spkiBytes).digest("base64");
    return { key: readFileSync(key, "utf8"), cert: text, spki };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;

/** One request as it came. */
export interface Came {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: IncomingMessage["headers"];
  status: number;
}

/** An https server whose requests are written down. */
export class Site {
  readonly came: Came[] = [];
  listener: Listener;
  readonly #server: Server;

  private constructor(server: Server, listener: Listener) {
    this.#server = server;
    this.listener = listener;
    server.on("request", (req: IncomingMessage, res: ServerResponse) => {
      const came: Came = {
        method: req.method ?? "",
        path: req.url ?? "",
        host: req.headers.host ?? "",
        headers: req.headers,
        status: 0,
      };
      this.came.push(came);
      res.on("close", () => {
        came.status = res.headersSent ? res.statusCode : 0;
      });
      this.listener(req, res);
    });
  }

  static async start({ key, cert }: Certificate, listener: Listener): Promise<Site> {
    const server = createServer({ key, cert });
    const site = new Site(server, listener);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return site;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string, host = "shop.test"): string {
    return `https://${host}:${this.port}${path}`;
  }

  /** What came under a path, but for its query. */
  of(path: string): Came[] {
    return this.came.filter((each) => each.path.split("?")[0] === path);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
