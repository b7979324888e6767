import type { Engine } from "../../core/engine.ts";
import type { Exchange } from "../../core/exchange.ts";
import { candidatesOf } from "../../core/passage.ts";
import type { Parting } from "../../core/request/beside.ts";
import { parseToken } from "../../core/token.ts";
import { CookieExchange, ExchangedCookie } from "../cookie-exchange.ts";
import { type CookieForms, CookieRules } from "../cookie-rules.ts";
import { serializeCookie } from "../set-cookie.ts";

/**
 * The cookie by which a browser is known again that has begun something: SameSite=None, as the other
 * site's form is to bring it. It is a random text that opens nothing.
 */
export class BrowserCookie {
  readonly rules: CookieRules;
  readonly forms: CookieForms;

  constructor({ name, environment }: Engine) {
    const { trustProxy } = environment;
    this.rules = new CookieRules(
      { cookie: { sameSite: "none" }, trustProxy },
      {
        ...environment,
        name: `${name}-callback`,
        loss: "Nothing could be begun that another site finishes",
      },
    );
    this.forms = this.rules.forms();
  }

  /** What a request brings of it that may be ours. */
  secretsIn(exchange: Exchange): readonly string[] {
    const { values } = new ExchangedCookie(this.forms, new CookieExchange(this.rules, exchange));
    return candidatesOf(values.filter((value) => parseToken(value) !== undefined));
  }

  parting(secret: string, maxAgeMs: number): Parting {
    return new BrowserParting(this, secret, maxAgeMs);
  }
}

class BrowserParting implements Parting {
  readonly text: string;
  readonly #cookie: BrowserCookie;
  readonly #maxAgeMs: number;

  constructor(cookie: BrowserCookie, secret: string, maxAgeMs: number) {
    this.text = secret;
    this.#cookie = cookie;
    this.#maxAgeMs = maxAgeMs;
  }

  leave(exchange: Exchange): boolean {
    const { rules, forms } = this.#cookie;
    const around = new CookieExchange(rules, exchange);
    if (around.obstacle !== undefined) return false;
    new ExchangedCookie(forms, around).send(this.text, this.#maxAgeMs);
    // In development at localhost Chromium and Firefox keep Secure cookies, and no other one that
    // another site's form would bring.
    if (around.connection.form === "plain") {
      const { name, attributes } = forms.full;
      const lifetime = { maxAgeMs: this.#maxAgeMs, now: rules.now() };
      exchange.reply.addCookie(serializeCookie(name, this.text, attributes, lifetime));
    }
    return true;
  }
}
