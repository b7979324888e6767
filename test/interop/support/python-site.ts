import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { eventually } from "../../support/servers/redis.ts";
import { startServer, type TestServer } from "../../support/servers/test-server.ts";
import { type Jar, keep } from "./jar.ts";
import { PYTHON_SITES, type SiteName, type SiteSpec } from "./python-sites.ts";
import type { SiteServers } from "./site-servers.ts";

/** Debian's packages are for the system's own Python. */
const PYTHON = "/usr/bin/python3";
const SECRET = "Zoë's, as long as the test lives";

/** What the pages show. */
export interface Shown {
  readonly user: string | null;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A real application in Python, spoken to as browsers would that have the jars. */
export class PythonSite {
  readonly secret = SECRET;
  readonly spec: SiteSpec;
  readonly #server: TestServer;

  private constructor(spec: SiteSpec, server: TestServer) {
    this.spec = spec;
    this.#server = server;
  }

  /** Starts it, and the server that it keeps its sessions in unless that runs already. */
  static async start(name: SiteName, servers: SiteServers): Promise<PythonSite> {
    const spec: SiteSpec = PYTHON_SITES[name];
    const at = spec.server && `${spec.server}=127.0.0.1:${(await servers.get(spec.server)).port}`;
    const program = fileURLToPath(new URL(`../sites/${spec.program}`, import.meta.url));
    const told = at === undefined ? [spec.kind] : [spec.kind, at];
    const server = await startServer({
      name: spec.program.replace(".py", ""),
      command: ({ folder, port }) => [PYTHON, "-B", program, SECRET, folder, String(port), ...told],
    });
    return new PythonSite(spec, server);
  }

  /** Where Django has its `site.sqlite` and files, and Flask-Session its folder `sessions`. */
  get folder(): string {
    return this.#server.folder;
  }

  show(jar: Jar): Promise<Shown> {
    return this.ask(jar, "/");
  }

  login(jar: Jar, username: string): Promise<Shown> {
    return this.ask(jar, "/login", { username });
  }

  logout(jar: Jar): Promise<Shown> {
    return this.ask(jar, "/logout", {});
  }

  change(jar: Jar, set: object, remove: readonly string[] = []): Promise<Shown> {
    return this.ask(jar, "/change", { set, delete: remove });
  }

  /**
   * Reads the session, works as long as said, and only then changes and saves it. Resolves when
   * it is read; `saved`, when the answer is there.
   */
  async slowChange(jar: Jar, set: object, ms: number): Promise<{ readonly saved: Promise<Shown> }> {
    const mark = randomUUID();
    const saved = this.ask(jar, "/slow-change", { set, ms, mark });
    const loaded = eventually(async () => this.#server.output.includes(mark));
    await Promise.race([loaded, saved]);
    return { saved };
  }

  /** Adds to the list that a key holds. */
  append(jar: Jar, key: string, item: unknown): Promise<Shown> {
    return this.ask(jar, "/append", { key, item });
  }

  newKey(jar: Jar): Promise<Shown> {
    return this.ask(jar, "/new-key", {});
  }

  /** Makes the session one whose time is over, and leaves the jar its cookie. */
  async expire(jar: Jar): Promise<void> {
    const before = new Map(jar);
    await this.ask(jar, "/expire", {});
    for (const [name, value] of before) if (!jar.has(name)) jar.set(name, value);
  }

  setPassword(jar: Jar, username: string, password: string): Promise<Shown> {
    return this.ask(jar, "/set-password", { username, password });
  }

  /** Stores each kind of value that this site's sessions can hold beyond JSON. */
  storeOdd(jar: Jar): Promise<Shown> {
    return this.ask(jar, "/odd", {});
  }

  /** Python's `repr()` of those values as they are stored now, and of the whole session. */
  odd(jar: Jar): Promise<{ readonly odd: string; readonly all: string }> {
    return this.ask(jar, "/odd");
  }

  flash(jar: Jar, category: string, message: string): Promise<Shown> {
    return this.ask(jar, "/flash", { category, message });
  }

  /** Reads what was flashed, as pairs of category and message, and forgets it. */
  flashes(jar: Jar): Promise<readonly (readonly [string, string])[]> {
    return this.ask(jar, "/flashes", {});
  }

  csrf(jar: Jar): Promise<{ readonly token: string; readonly inSession: boolean }> {
    return this.ask(jar, "/csrf");
  }

  /** Asks for a page as a browser would that has this jar; with a body it is a POST. */
  async ask<Answer = Shown>(jar: Jar, path: string, body?: object): Promise<Answer> {
    const response = await this.fetch(jar, path, body);
    if (!response.ok) {
      throw new Error(`${path} answers ${response.status}:\n${this.#server.output.slice(-4_000)}`);
    }
    return (await response.json()) as Answer;
  }

  /** The same, whatever the status is. */
  async fetch(jar: Jar, path: string, body?: object, headers = {}): Promise<Response> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`http://127.0.0.1:${this.#server.port}${path}`, {
      headers: { ...headers, ...(cookie === "" ? {} : { cookie }) },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return response;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
