/** What cookie-session knows of a session beside its keys; none of it is one. */
export class Session {
  /** As it came; `undefined` for a new one. */
  readonly #brought: string | undefined;

  constructor(data: object = {}, brought?: string) {
    this.#brought = brought;
    // A name that every object has is no key, as in cookie-session: `toString` stays what it is.
    for (const key in data) {
      if (!(key in this)) Reflect.set(this, key, Reflect.get(data, key));
    }
  }

  /** What a cookie holds, or `undefined` where that is none of ours. */
  static read(text: string): Session | undefined {
    try {
      return new Session(Object(JSON.parse(Buffer.from(text, "base64").toString())), text);
    } catch {
      return undefined;
    }
  }

  /** What the cookie of a session holds: its keys as JSON, in base64. */
  static write(session: Session): string {
    return Buffer.from(JSON.stringify(session)).toString("base64");
  }

  /** Whether it differs from what came with the request; a new one always does. */
  get isChanged(): boolean {
    return this.isNew || this.#brought !== Session.write(this);
  }

  /** Whether it did not come with the request. */
  get isNew(): boolean {
    return this.#brought === undefined;
  }

  /** Whether it has any keys. */
  get isPopulated(): boolean {
    return Object.keys(this).length > 0;
  }
}
