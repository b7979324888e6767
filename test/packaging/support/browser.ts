import { CookieJar } from "tough-cookie";

/** A reply, read to its end. */
export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A visitor with a cookie jar, who follows no redirect. */
export class Browser {
  readonly #jar = new CookieJar();
  #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Goes on at another address of the same host: a cookie belongs to no port. */
  visit(origin: string): void {
    this.#origin = origin;
  }

  get(path: string): Promise<Page> {
    return this.#send("GET", path);
  }

  post(path: string, form: Record<string, string> = {}): Promise<Page> {
    return this.#send("POST", path, new URLSearchParams(form));
  }

  async #send(method: string, path: string, body?: URLSearchParams): Promise<Page> {
    const url = this.#origin + path;
    const cookie = await this.#jar.getCookieString(url);
    const headers: Record<string, string> = cookie === "" ? {} : { cookie };
    const response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) await this.#jar.setCookie(line, url);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}
