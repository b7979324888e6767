import { parse } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";
import { type Binding, bindTo } from "../../sealing/binding.ts";
import type { Opening } from "../../sealing/opening.ts";
import type { Sealer } from "../../sealing/sealer.ts";
import type { Cookies, SealedText } from "./cookies.ts";

/** When a session was last used, as its idle clock's cookie tells it. */
export interface LastSeen {
  readonly id: string;
  readonly lastSeenAt: EpochMs;
}

/** Seals what a manager's cookies carry: each text opens as the cookie that it was made for only. */
export class CookieSealer {
  readonly #sealer: Sealer;
  readonly #sessionName: string;
  readonly #audience: readonly string[];
  /** By the number of cookies: the seal lies over that too. */
  readonly #sessions = new Map<number, Binding>();
  readonly #seen: Binding;

  constructor(sealer: Sealer, { one, seen }: Cookies, audience: string | undefined) {
    this.#sealer = sealer;
    this.#sessionName = one.full.name;
    this.#audience = audience === undefined ? [] : [audience];
    this.#seen = bindTo("sojourn/cookie-idle", seen.full.name, ...this.#audience);
  }

  seal(text: string, count: number): string {
    return this.#sealer.seal(text, this.#bindingFor(count));
  }

  open({ text, count }: SealedText): Opening {
    return this.#sealer.open(text, this.#bindingFor(count));
  }

  sealLastSeen({ id, lastSeenAt }: LastSeen): string {
    return this.#sealer.seal(JSON.stringify([id, lastSeenAt]), this.#seen);
  }

  openLastSeen(text: string): Exclude<Opening, { kind: "opened" }> | LastSeen {
    const opening = this.#sealer.open(text, this.#seen);
    if (opening.kind !== "opened") return opening;
    const lastSeen = parse(opening.text);
    if (!Array.isArray(lastSeen)) return { kind: "malformed" };
    const [id, lastSeenAt] = lastSeen;
    return { id, lastSeenAt };
  }

  #bindingFor(count: number): Binding {
    const known = this.#sessions.get(count);
    if (known !== undefined) return known;
    const parts = [this.#sessionName, String(count), ...this.#audience];
    const binding = bindTo("sojourn/cookie-session", ...parts);
    this.#sessions.set(count, binding);
    return binding;
  }
}
