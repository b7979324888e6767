import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../support/servers/test-server.ts";

const run = promisify(execFile);

/** An nginx that ends TLS, as in front of most applications. */
export interface Front {
  /** Such as `https://localhost:40123`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @param port - The application's, on this machine. It may start later, and again. */
export async function startFront(port: number): Promise<Front> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-nginx-"));
  const certificate = join(folder, "certificate.pem");
  const key = join(folder, "key.pem");
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"],
  ]);
  const listen = await freePort();
  const config = join(folder, "nginx.conf");
  await writeFile(config, configOf({ folder, certificate, key, listen, port }));
  const nginx = spawn("nginx", ["-c", config, "-p", folder, "-e", join(folder, "error.log")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
  });
  await once(nginx, "spawn");
  return {
    url: `https://localhost:${listen}`,
    async stop() {
      const ended = once(nginx, "exit");
      nginx.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Parts {
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
  readonly listen: number;
  readonly port: number;
}

/** What every guide to nginx says, and nothing else. */
function configOf({ folder, certificate, key, listen, port }: Parts): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
user root;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${paths.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  server {
    listen 127.0.0.1:${listen} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location / {
      proxy_pass http://127.0.0.1:${port};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;
}
