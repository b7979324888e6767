import type { Session, Sessions, Untyped } from "../../../src/index.ts";

export type Handler = (session: Session<Untyped>, request: Request) => unknown | Promise<unknown>;

export interface Visit {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** The status of the answer, unless the handler returns a `Response`. */
  readonly status?: number;
}

const COOKIE = "__Host-Http-session";

/** A browser with one jar: it sends what it was given, and forgets what it is told to forget. */
export class Browser {
  sessions: Sessions<Untyped>;
  readonly jar: Map<string, string>;

  constructor(sessions: Sessions<Untyped>, jar: Iterable<[string, string]> = []) {
    this.sessions = sessions;
    this.jar = new Map(jar);
  }

  /** The same visitor, with the cookies of this moment, perhaps at another process. */
  copy(sessions: Sessions<Untyped> = this.sessions): Browser {
    return new Browser(sessions, this.jar);
  }

  get token(): string | undefined {
    return this.jar.get(COOKIE);
  }

  set token(token: string) {
    this.jar.set(COOKIE, token);
  }

  /** Opens the session and lets the handler use it. What it returns is the answer's JSON. */
  visit(handler: Handler, visit: Visit = {}): Promise<Answer> {
    const { status = 200 } = visit;
    return this.request(async (request) => {
      const session = await this.sessions.open(request);
      const result = await handler(session, request);
      return result instanceof Response
        ? result
        : new Response(JSON.stringify(result) ?? null, { status });
    }, visit);
  }

  async request(
    handle: (request: Request) => Response | Promise<Response>,
    { method = "GET", path = "/", headers = {} }: Visit = {},
  ): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = new Request(`https://localhost${path}`, {
      method,
      headers: cookie === "" ? headers : { cookie, ...headers },
    });
    const response = await this.sessions.handle(request, handle);
    const cookies = response.headers.getSetCookie();
    for (const line of cookies) this.#keep(line);
    return new Answer(response.status, await response.text(), cookies, response.headers);
  }

  #keep(line: string): void {
    const [pair = ""] = line.split(";", 1);
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    if (/;\s*Max-Age=0/i.test(line)) this.jar.delete(name);
    else this.jar.set(name, pair.slice(at + 1));
  }
}

export class Answer {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
  readonly headers: Headers;

  constructor(status: number, text: string, cookies: readonly string[], headers: Headers) {
    this.status = status;
    this.text = text;
    this.cookies = cookies;
    this.headers = headers;
  }

  get json(): unknown {
    return this.text === "" ? undefined : JSON.parse(this.text);
  }
}
