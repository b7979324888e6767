import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** What an application says of a session: `GET /read`. */
export interface Reading {
  readonly user: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What came back; `status` 0 where nothing did in time. */
export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

const NOTHING: Answer = { status: 0, location: undefined, body: "" };

/** A browser: its cookies, and a connection of its own for each request. */
export class Visitor {
  readonly #origins: readonly string[];
  readonly cookies: Map<string, string>;
  #turn = 0;

  constructor(origins: readonly string[], cookies: Map<string, string> = new Map()) {
    this.#origins = origins;
    this.cookies = cookies;
  }

  /** Another browser with the same cookies, as a thief would have. */
  copy(): Visitor {
    return new Visitor(this.#origins, new Map(this.cookies));
  }

  /** The same browser, which asks this process of the application. */
  at(index: number): Visitor {
    const origin = this.#origins[index % this.#origins.length] ?? "";
    return new Visitor([origin], this.cookies);
  }

  post(path: string, limitMs?: number): Promise<Answer> {
    return this.#send("POST", path, limitMs);
  }

  get(path: string, limitMs?: number): Promise<Answer> {
    return this.#send("GET", path, limitMs);
  }

  async read(path = "/read"): Promise<Reading> {
    return readingOf(await this.get(path));
  }

  /** Sends it, and resolves when its head is there: a browser follows a redirect from then on. */
  async head(path: string): Promise<Answer> {
    try {
      const response = await this.#ask("POST", path, undefined);
      response.on("error", () => undefined).resume();
      return answerOf(response, "");
    } catch {
      return NOTHING;
    }
  }

  async #send(method: string, path: string, limitMs: number | undefined): Promise<Answer> {
    try {
      const response = await this.#ask(method, path, limitMs);
      return answerOf(response, await text(response));
    } catch {
      return NOTHING;
    }
  }

  /** The processes take turns, as behind a balancer. */
  async #ask(method: string, path: string, limitMs = 60_000): Promise<IncomingMessage> {
    const origin = this.#origins[this.#turn++ % this.#origins.length] ?? "";
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = request(`${origin}${path}`, {
      method,
      agent: new Agent({ keepAlive: false }),
      headers: cookie === "" ? {} : { cookie },
      signal: AbortSignal.timeout(limitMs),
    });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once("response", resolve).on("error", reject).end();
    });
    for (const line of response.headers["set-cookie"] ?? []) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const name = pair.slice(0, pair.indexOf("=")).trim();
    if (attributes.some(isOver)) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(pair.indexOf("=") + 1));
  }
}

export function readingOf({ status, body }: Answer): Reading {
  if (status !== 200) return { user: undefined, values: {} };
  const { user, values } = JSON.parse(body);
  return { user: user ?? undefined, values: values ?? {} };
}

function isOver(attribute: string): boolean {
  const [name = "", value = ""] = attribute.trim().split("=", 2);
  if (name.toLowerCase() === "max-age") return Number(value) <= 0;
  return name.toLowerCase() === "expires" && Date.parse(value) <= Date.now();
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): Answer {
  return { status: statusCode, location: headers.location, body };
}
