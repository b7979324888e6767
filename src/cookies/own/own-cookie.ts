import type { Engine } from "../../core/engine.ts";
import { CookieTooLargeError, HeadersSentError, PrefetchError } from "../../core/errors.ts";
import { type Exchange, isPrefetch, NO_REPLY } from "../../core/exchange.ts";
import { type Internals, internalsOf } from "../../core/internals.ts";
import { candidatesOf } from "../../core/passage.ts";
import type { Parting } from "../../core/request/beside.ts";
import { unattached } from "../../core/request/unattached.ts";
import type { Visit } from "../../core/request/visit.ts";
import { headIn } from "../../core/request-head.ts";
import { CookieExchange, ExchangedCookie } from "../cookie-exchange.ts";
import type { CookieOptions } from "../cookie-options.ts";
import { type CookieForms, CookieRules, speaksOfHttps } from "../cookie-rules.ts";
import { MAX_COOKIE_BYTES } from "../set-cookie.ts";
import { expireStale } from "../stale-cookies.ts";
import type { Codec, CodecParts } from "./codecs.ts";
import { type AnyOptions, attributesIn, type Maker } from "./options.ts";
import type { OwnCookie, OwnCookieReading } from "./reading.ts";

/** Puts the parts of a cookie together. */
export function ownCookie(
  maker: Maker,
  sessions: object,
  options: AnyOptions,
  makeCodec: (parts: CodecParts) => Codec,
): OwnCookie<unknown> {
  const internals = internalsOf(sessions);
  const { environment } = internals.engine;
  const cookie = attributesIn(maker, options, internals.engine);
  const { name } = options;
  const rules = rulesFor(name, cookie, options, internals.engine);
  const forms = rules.forms();
  const codec = makeCodec({ name, fullName: forms.full.name, environment });
  return new CookieBeside({ internals, rules, forms, codec });
}

/** The connection is judged as for the session's own cookie. */
function rulesFor(
  name: string,
  cookie: CookieOptions,
  given: AnyOptions,
  { environment }: Engine,
): CookieRules {
  const { trustProxy, isForHttps } = environment;
  return new CookieRules(
    { cookie, trustProxy },
    {
      ...environment,
      name,
      // A prefix that was not asked for says nothing of HTTPS.
      isForHttps: isForHttps === true || speaksOfHttps({ cookie: given }),
      loss: `The cookie "${name}" was not sent`,
    },
  );
}

interface CookieTools {
  readonly internals: Internals;
  readonly rules: CookieRules;
  readonly forms: CookieForms;
  readonly codec: Codec;
}

/** A cookie of the application's own, in whatever request it is asked for. */
class CookieBeside implements OwnCookie<unknown> {
  readonly name: string;
  readonly #tools: CookieTools;
  /** Where browsers keep it: two cookies in one place are one. */
  readonly #place: string;

  constructor(tools: CookieTools) {
    const { name, attributes } = tools.forms.full;
    this.name = name;
    this.#tools = tools;
    this.#place = [name, attributes.path, attributes.domain, attributes.partitioned].join(";");
  }

  get(request: object): unknown {
    return this.inspect(request).value;
  }

  inspect(request: object): OwnCookieReading<unknown> {
    const visit = this.#visitOf(request);
    const reading = visit === undefined ? this.#readBare(request) : this.#readIn(visit);
    // What is most likely a copy proves nothing, but its answer is as private.
    const beside = (visit ?? this.#tools.internals.attachments.findCopied(request))?.beside;
    if (reading.reason === undefined && this.#tools.codec.isSecret) beside?.keepPrivate();
    return reading;
  }

  set(request: object, value: unknown): void {
    this.#part(request, "set", () => this.#fitting(this.#tools.codec.write(value)));
  }

  delete(request: object): void {
    this.#part(request, "delete", () => undefined);
  }

  #part(request: object, act: "set" | "delete", write: () => string | undefined): void {
    const visit = this.#visitOf(request);
    if (visit === undefined) throw unattached(this.#tools.internals.engine, `${act}(request)`);
    try {
      const attempt = `${act} the cookie "${this.name}"`;
      if (isPrefetch(visit.request)) throw new PrefetchError(attempt);
      // First: what keeps the response may find out only now that it has begun.
      const { beside } = visit;
      if (visit.phase !== "open") throw new HeadersSentError(attempt);
      const { rules, forms } = this.#tools;
      beside.part(this.#place, new CookieParting(rules, forms, write()));
    } catch (error) {
      throw visit.failed(error);
    }
  }

  /** As its name is over HTTPS, so that development finds out. */
  #fitting(text: string): string {
    const bytes = this.name.length + text.length;
    if (bytes <= MAX_COOKIE_BYTES) return text;
    const what = `The value of "${this.name}"`;
    const advice = "Keep it in the session, or in a database and its key in the cookie.";
    throw new CookieTooLargeError(bytes, MAX_COOKIE_BYTES, what, advice);
  }

  #readIn({ beside }: Visit): OwnCookieReading<unknown> {
    const parting = beside.partingOf(this.#place);
    if (parting === undefined) return this.#readFrom(beside.exchange);
    return parting.text === undefined ? ABSENT : this.#tools.codec.read(parting.text);
  }

  #readBare(request: object): OwnCookieReading<unknown> {
    const head = headIn(request);
    if (head === undefined) throw unattached(this.#tools.internals.engine, "get(request)");
    return this.#readFrom({ request: head, reply: NO_REPLY });
  }

  #readFrom(exchange: Exchange): OwnCookieReading<unknown> {
    const { rules, forms, codec } = this.#tools;
    const around = new CookieExchange(rules, exchange);
    const { values, refused } = new ExchangedCookie(forms, around);
    if (refused === "duplicate" || refused === "insecure") return { reason: refused };
    const different = [...new Set(values)];
    // Nothing tells which of them is ours.
    if (different.length > 1 && !codec.isProof) return { reason: "duplicate" };
    const readings = candidatesOf(different).map((text) => codec.read(text));
    return readings.reduce<OwnCookieReading<unknown>>(newer, ABSENT);
  }

  /** The visit that the request belongs to, if an adapter has seen it. */
  #visitOf(request: object): Visit | undefined {
    const { attachments } = this.#tools.internals;
    const visit = attachments.find(request);
    if (visit !== undefined) return visit;
    const copied = attachments.findCopied(request);
    return copied?.isKnown === true ? copied : undefined;
  }
}

const ABSENT = { reason: "absent" } as const;

/** Of several places' values the one that was set last; of refusals the first. */
function newer(
  one: OwnCookieReading<unknown>,
  other: OwnCookieReading<unknown>,
): OwnCookieReading<unknown> {
  if (one === ABSENT) return other;
  if (other.reason !== undefined) return one;
  if (one.reason !== undefined) return other;
  return (other.setAt ?? 0) > (one.setAt ?? 0) ? other : one;
}

/** What one response says of cookies before it clears more away: proxies bound its whole head. */
const MUCH_SAID = 1_024;

/** Where not, a later response clears away what this one leaves. */
function hasRoom({ reply }: Exchange): boolean {
  return (reply.get("Set-Cookie")?.length ?? 0) < MUCH_SAID;
}

/** Sends one value, or takes the cookie away, in its own place and wherever else it came from. */
class CookieParting implements Parting {
  readonly text: string | undefined;
  readonly #rules: CookieRules;
  readonly #forms: CookieForms;

  constructor(rules: CookieRules, forms: CookieForms, text: string | undefined) {
    this.text = text;
    this.#rules = rules;
    this.#forms = forms;
  }

  leave(exchange: Exchange): boolean {
    const around = new CookieExchange(this.#rules, exchange);
    if (around.obstacle !== undefined) return false;
    const cookie = new ExchangedCookie(this.#forms, around);
    // First: a browser that takes one of these places for the current one is put right by what follows.
    const surplus = cookie.brought("surplus");
    if (surplus !== undefined && hasRoom(exchange)) expireStale(exchange, [surplus]);
    if (this.text === undefined) cookie.expire();
    else cookie.send(this.text, undefined);
    return true;
  }
}
