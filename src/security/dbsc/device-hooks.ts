import type { Deadline } from "../../core/deadline.ts";
import type { Departure, Engine, Guard, Hooks, SigningIn, Verdict } from "../../core/engine.ts";
import type { Reply, RequestHead } from "../../core/exchange.ts";
import type { NoteEdit } from "../../core/notes.ts";
import type { SessionRecord } from "../../core/record.ts";
import { forbidStoring } from "../../core/request/caching.ts";
import { newToken, type SessionId, type SessionToken } from "../../core/token.ts";
import { OFFER_MS, offered, withSession } from "./binding.ts";
import { Bindings } from "./bindings.ts";
import { dropCookie } from "./cookies.ts";
import { guarded, wasAsked } from "./guarding.ts";
import { hashOf } from "./hashes.ts";
import { type BindingNote, bindingNoteIn, ofBinding } from "./note.ts";
import type { Terms } from "./options.ts";
import { OFFERED } from "./proof.ts";

/** What a sign-in offers to the browser, and to its page. */
interface Offer {
  readonly note: BindingNote;
  readonly challenge: SessionToken;
  readonly keyChallenge: SessionToken;
}

/** What there is to be said with the response of one request. */
interface Words {
  offer?: Offer | undefined;
  /** What the session was bound by when it came. */
  came?: BindingNote | undefined;
  /** The binding whose session this request may have, whatever time it takes. */
  admitted?: string;
  wasAsked?: boolean;
  nonce?: string;
}

/** Binds the sessions of one manager to devices. */
export class DeviceHooks implements Hooks {
  readonly engine: Engine;
  readonly terms: Terms;
  readonly bindings: Bindings;
  readonly #offers = new WeakMap<SigningIn, Offer>();
  readonly #words = new WeakMap<RequestHead, Words>();

  constructor(engine: Engine, terms: Terms) {
    this.engine = engine;
    this.terms = terms;
    this.bindings = new Bindings(engine);
  }

  readonly guard: Guard = (record, engine, deadline, request) => {
    const note = bindingNoteIn(record);
    if (note === undefined) return undefined;
    const words = this.#wordsOf(request);
    // A touch that has become due asks again.
    if (words.admitted === note.id) return undefined;
    words.came = note;
    words.wasAsked = wasAsked(request, this.terms);
    // The page's script proves its key where it is asked to, and nowhere else.
    if (note.stage === "script") return undefined;
    return this.#judged(record, note, engine, deadline, request);
  };

  async signingIn(signing: SigningIn): Promise<readonly NoteEdit[]> {
    const { environment } = this.engine;
    const note: BindingNote = {
      id: this.bindings.newId(),
      stage: "offered",
      until: signing.deadline.now + OFFER_MS,
    };
    const challenge = newToken(environment.random);
    const keyChallenge = newToken(environment.random);
    this.#offers.set(signing, { note, challenge, keyChallenge });
    return [ofBinding(note)];
  }

  async signedIn(record: SessionRecord, signing: SigningIn): Promise<readonly SessionId[]> {
    const offer = this.#offers.get(signing);
    if (offer === undefined) return [];
    const { deadline, request } = signing;
    const hashes = {
      offer: hashOf(offer.challenge, this.engine),
      keyOffer: hashOf(offer.keyChallenge, this.engine),
    };
    const seed = this.bindings.newId();
    const binding = offered(record.id, hashes, seed, deadline.now);
    await this.bindings.create(offer.note.id, binding, deadline);
    this.#wordsOf(request).offer = offer;
    return [];
  }

  async regenerated(record: SessionRecord, deadline: Deadline): Promise<void> {
    const note = bindingNoteIn(record);
    if (note === undefined) return;
    await this.bindings.change(note.id, (binding) => withSession(binding, record), deadline);
  }

  leaving({ exchange, record }: Departure): void {
    const words = this.#words.get(exchange.request);
    if (words === undefined) return;
    const { reply } = exchange;
    const note = record && bindingNoteIn(record);
    const { offer, came, nonce } = words;
    if (offer !== undefined && offer.note.id === note?.id) this.#sayOffer(offer, reply);
    // Signed out: the browser asks for a new one, and hears that there is none any more.
    if (came?.stage === "bound" && note === undefined) {
      reply.addCookie(dropCookie(this.terms.boundCookie));
      forbidStoring(reply);
    }
    if (words.wasAsked === true && note !== undefined) {
      reply.addCookie(dropCookie(this.terms.triedCookie));
      forbidStoring(reply);
    }
    if (nonce !== undefined) reply.set("DPoP-Nonce", nonce);
  }

  /** What the sign-in of this request offers to its page. */
  offerIn(request: RequestHead): Offer | undefined {
    return this.#words.get(request)?.offer;
  }

  /** Lets the response bring a nonce for the next proof. */
  bringNonce(request: RequestHead, nonce: string): void {
    this.#wordsOf(request).nonce = nonce;
  }

  #wordsOf(request: RequestHead): Words {
    const known = this.#words.get(request);
    if (known !== undefined) return known;
    const words: Words = {};
    this.#words.set(request, words);
    return words;
  }

  #sayOffer({ note, challenge }: Offer, reply: Reply): void {
    const { registerPath } = this.terms;
    const parameters = `path="${registerPath}/${note.id}";challenge="${challenge}"`;
    reply.set("Secure-Session-Registration", `${OFFERED};${parameters}`);
  }

  async #judged(
    record: SessionRecord,
    note: BindingNote,
    engine: Engine,
    deadline: Deadline,
    request: RequestHead,
  ): Promise<Verdict> {
    const binding = await this.bindings.load(note.id, deadline);
    const verdict = guarded({ record, note, binding, request, deadline }, engine, this.terms);
    if (verdict.kind === "accepted") this.#wordsOf(request).admitted = note.id;
    return verdict;
  }
}
