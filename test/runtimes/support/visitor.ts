/** The answer to one request. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Its Set-Cookie lines. */
  readonly cookies: readonly string[];
}

/** A visitor of one part of the site, who keeps the cookies that it sends. */
export class Visitor {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #jar: Map<string, string>;

  constructor(
    base: string,
    headers: Readonly<Record<string, string>>,
    jar: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#base = base;
    this.#headers = headers;
    this.#jar = new Map(jar);
  }

  /** As it would be sent; empty where there is none. */
  get cookie(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Another one with the same cookies, such as a thief. */
  copy(): Visitor {
    return new Visitor(this.#base, this.#headers, this.#jar);
  }

  async get(path: string): Promise<Answer> {
    const { cookie } = this;
    const headers = cookie === "" ? this.#headers : { ...this.#headers, cookie };
    const response = await fetch(this.#base + path, { headers });
    const cookies = response.headers.getSetCookie();
    for (const line of cookies) this.#keep(line);
    return { status: response.status, body: parsed(await response.text()), cookies };
  }

  #keep(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === "") this.#jar.delete(name);
    else this.#jar.set(name, value);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
