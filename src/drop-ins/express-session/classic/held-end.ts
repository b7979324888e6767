import type { ServerResponse } from "node:http";

/** What `response.end` was called with. */
type EndArguments = readonly unknown[];

/**
 * The end of a response while its session is being stored. All but the last of it goes out at
 * once; the last byte, or the chunk that ends it, when the store has answered.
 */
export class HeldEnd {
  readonly #response: ServerResponse;
  readonly #write: (...args: unknown[]) => unknown;
  readonly #end: (...args: unknown[]) => unknown;
  #rest: EndArguments;
  #isSync = true;
  #result: unknown = true;

  constructor(
    response: ServerResponse,
    methods: { readonly write: HeldEnd["finish"]; readonly end: HeldEnd["finish"] },
    args: EndArguments,
  ) {
    this.#response = response;
    this.#write = methods.write;
    this.#end = methods.end;
    this.#rest = args;
  }

  /** The store has answered. */
  readonly finish = (): void => {
    const rest = this.#rest;
    // There are stores that answer twice: nothing is left to be said then.
    this.#rest = [];
    const result = this.#end.apply(this.#response, rest as unknown[]);
    if (!this.#isSync) return;
    this.#isSync = false;
    this.#result = result;
  };

  /** The store has been asked, and has perhaps answered already. */
  begin(): unknown {
    if (!this.#isSync) return this.#result;
    const [chunk, encoding] = this.#rest;
    if (!this.#response.headersSent) this.#response.writeHead(this.#response.statusCode);
    if (chunk !== null && chunk !== undefined && typeof chunk !== "function") {
      this.#result = this.#begin(chunk as string | Buffer, encoding as BufferEncoding);
    }
    this.#isSync = false;
    return this.#result;
  }

  #begin(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): unknown {
    const callbacks = this.#rest.filter((argument) => typeof argument === "function");
    if (!(Number(this.#response.getHeader("content-length")) > 0)) {
      this.#rest = callbacks;
      return this.#write.call(this.#response, chunk, encoding);
    }
    const bytes =
      typeof chunk === "string" ? Buffer.from(chunk, textEncoding(encoding)) : Buffer.from(chunk);
    // The client has to wait for the last byte: it was told how many there are.
    this.#rest = [bytes.subarray(-1), ...callbacks];
    return bytes.length === 0
      ? this.#write.call(this.#response, bytes)
      : this.#write.call(this.#response, bytes.subarray(0, -1));
  }
}

function textEncoding(encoding: unknown): BufferEncoding | undefined {
  return typeof encoding === "string" ? (encoding as BufferEncoding) : undefined;
}
