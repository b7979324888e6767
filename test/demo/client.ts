import { Agent, request } from "node:http";

/** What a visitor's browser got. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly ms: number;
}

type Form = Readonly<Record<string, string>>;

interface VisitorOptions {
  /** The address that the visitor comes from: all of 127.0.0.0/8 is this machine. */
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Somebody without a browser, who keeps the session's cookie all the same. */
export class HttpVisitor {
  readonly #base: string;
  readonly #options: VisitorOptions;
  /** Any number of connections at once. */
  readonly #agent = new Agent();
  cookie: string | undefined;

  constructor(base: string, options: VisitorOptions = {}) {
    this.#base = base;
    this.#options = options;
  }

  get(path: string): Promise<Answer> {
    return this.#send("GET", path);
  }

  head(path: string): Promise<Answer> {
    return this.#send("HEAD", path);
  }

  post(path: string, form: Form = {}): Promise<Answer> {
    return this.#send("POST", path, new URLSearchParams(form).toString());
  }

  #send(method: string, path: string, body?: string): Promise<Answer> {
    const { address, headers } = this.#options;
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#base), {
        method,
        agent: this.#agent,
        headers: {
          ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
          ...(this.cookie !== undefined && { cookie: this.cookie }),
          ...headers,
        },
        ...(address !== undefined && { localAddress: address }),
      });
      sent.once("error", reject).once("response", (response) => {
        this.#keepCookie(response.headers["set-cookie"] ?? []);
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.once("error", reject).once("end", () => {
          const { statusCode: status = 0, headers: got } = response;
          resolve({ status, headers: got, text, ms: performance.now() - startedAt });
        });
      });
      sent.end(body);
    });
  }

  #keepCookie(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = ""] = line.split(";");
      this.cookie = pair.endsWith("=") ? undefined : pair;
    }
  }
}

/** A new account, signed in. */
export async function registered(
  base: string,
  options: VisitorOptions & { readonly email?: string } = {},
): Promise<HttpVisitor> {
  const { email = newEmail(), ...rest } = options;
  const visitor = new HttpVisitor(base, rest);
  await visitor.post("/register", { name: "Ada", email, password: PASSWORD });
  return visitor;
}

export function newEmail(): string {
  return `${crypto.randomUUID()}@example.com`;
}

export const PASSWORD = "a short sentence";
