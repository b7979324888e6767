import { fileURLToPath } from "node:url";
import { startServer, type TestServer } from "../../support/servers/test-server.ts";

/** Debian's packages are for the system's own Python. */
const PYTHON = "/usr/bin/python3";
const SITE = fileURLToPath(new URL("django-site.py", import.meta.url));

const SECRET = "Zoë's, as long as the test lives";

/** What its page shows. */
export interface Shown {
  readonly user: string | null;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A real Django with the users `ada` and `bob`, which keeps its sessions in SQLite. */
export class DjangoSite {
  readonly secret = SECRET;
  readonly database: string;
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
    this.database = `${server.folder}/site.sqlite`;
  }

  static async start(): Promise<DjangoSite> {
    const server = await startServer({
      name: "django",
      command: ({ folder, port }) => [PYTHON, SITE, SECRET, folder, String(port)],
    });
    return new DjangoSite(server);
  }

  login(jar: Map<string, string>, username: string): Promise<Shown> {
    return this.ask(jar, "/login", { username, password: `${username}'s password` });
  }

  /** Asks for a page as the browser would that has this jar. */
  async ask(jar: Map<string, string>, path = "/", body?: object): Promise<Shown> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`http://127.0.0.1:${this.#server.port}${path}`, {
      headers: cookie === "" ? {} : { cookie },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`Django answers ${response.status}:\n${this.#server.output}`);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*Max-Age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return (await response.json()) as Shown;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
