import { cookieText, isDate } from "./cookie-text.ts";
import { deprecate } from "./deprecation.ts";

/** The attributes of the session's cookie, as express-session takes them. */
export interface CookieOptions {
  /** How long the cookie lives, in milliseconds. @defaultValue until the browser is closed */
  maxAge?: number | Date | null | undefined;
  /** When the cookie ends; of it and `maxAge`, what stands last counts. */
  expires?: Date | null | false | undefined;
  /** @defaultValue `true` */
  httpOnly?: boolean | undefined;
  /** @defaultValue `"/"` */
  path?: string | undefined;
  /** @defaultValue none: the host that answered */
  domain?: string | undefined;
  /** `"auto"`: as the connection is. @defaultValue `false` */
  secure?: boolean | "auto" | undefined;
  /** `"auto"`: `none` over a secure connection, else `lax`. @defaultValue none */
  sameSite?: boolean | "lax" | "strict" | "none" | "auto" | undefined;
  /** @defaultValue none */
  priority?: "low" | "medium" | "high" | undefined;
  /** @defaultValue `false` */
  partitioned?: boolean | undefined;
  /** Taken and not used, as it always was. */
  signed?: boolean | undefined;
  /** Taken and not used, as it always was. */
  encode?: ((value: string) => string) | undefined;
}

/** What is stored of a cookie beside the session. */
export interface CookieData {
  originalMaxAge: number | null | undefined;
  partitioned: boolean | undefined;
  priority: "low" | "medium" | "high" | undefined;
  expires: Date | null | undefined;
  secure: boolean | "auto" | undefined;
  httpOnly: boolean | undefined;
  domain: string | undefined;
  path: string | undefined;
  sameSite: boolean | "lax" | "strict" | "none" | "auto" | undefined;
}

/**
 * The cookie of one session, as `req.session.cookie` has it.
 *
 * @example
 * import { Cookie } from "sojourn/express-session";
 *
 * const cookie = new Cookie({ maxAge: 60_000 });
 * console.log(cookie.originalMaxAge, cookie.expires); // 60000, and in a minute
 */
export class Cookie {
  declare path?: string | undefined;
  declare httpOnly?: boolean | undefined;
  declare domain?: string | undefined;
  declare secure?: boolean | "auto" | undefined;
  declare sameSite?: boolean | "lax" | "strict" | "none" | "auto" | undefined;
  declare priority?: "low" | "medium" | "high" | undefined;
  declare partitioned?: boolean | undefined;
  declare signed?: boolean | undefined;
  /** How long the cookie was to live when that was last said, in milliseconds. */
  declare originalMaxAge: number | null;
  /** @internal A property and no private field: it is copied where a cookie is. */
  declare _expires: Date | null | undefined;

  constructor(options?: CookieOptions) {
    this.path = "/";
    this._expires = null;
    this.originalMaxAge = null;
    this.httpOnly = true;
    if (options) this.#take(options);
  }

  #take(options: CookieOptions): void {
    if (typeof options !== "object") throw new TypeError("argument options must be a object");
    const self = this as unknown as Record<string, unknown>;
    // Inherited options too: a cookie can be made of a cookie.
    for (const key in options) {
      if (key !== "data") self[key] = options[key as keyof CookieOptions];
    }
    this.originalMaxAge ??= this.maxAge as number | null;
  }

  get expires(): Date | null | undefined {
    return this._expires;
  }

  set expires(at: Date | null | false | undefined) {
    this._expires = at as Date | null | undefined;
    this.originalMaxAge = this.maxAge as number | null;
  }

  /** How long the cookie still lives, in milliseconds. */
  get maxAge(): number | undefined {
    const expires = this._expires as Date | undefined;
    return isDate(expires) ? expires.valueOf() - Date.now() : expires;
  }

  set maxAge(ms: number | Date | null | undefined) {
    if (ms && typeof ms !== "number" && !isDate(ms)) {
      throw new TypeError("maxAge must be a number or Date");
    }
    if (isDate(ms)) deprecate("maxAge as Date; pass number of milliseconds instead");
    this.expires = typeof ms === "number" ? new Date(Date.now() + ms) : ms;
    // Exactly: between the two the clock may have gone on.
    if (typeof ms === "number") this.originalMaxAge = ms;
  }

  get data(): CookieData {
    return {
      originalMaxAge: this.originalMaxAge,
      partitioned: this.partitioned,
      priority: this.priority,
      expires: this._expires,
      secure: this.secure,
      httpOnly: this.httpOnly,
      domain: this.domain,
      path: this.path,
      sameSite: this.sameSite,
    };
  }

  /** The line that a `Set-Cookie` header has for this cookie. */
  serialize(name: string, value: string): string {
    return cookieText(name, value, this.data);
  }

  toJSON(): CookieData {
    return this.data;
  }
}

// A cookie that is made of a cookie takes what these say, as it did where they were a prototype's.
for (const name of ["expires", "maxAge"] as const) {
  Object.defineProperty(Cookie.prototype, name, { enumerable: true });
}

export { Cookie as default, Cookie as "module.exports" };
