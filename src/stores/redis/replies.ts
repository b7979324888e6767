// What a reply is made of depends on the client's settings: bytes for texts, texts or big integers
// for numbers. What is still of another type is refused: taken for nothing, it would sign out.

/** A reply that the store did not foresee, so that it does not know the answer. */
export class Unforeseen extends Error {}

/** A text; `undefined` where there is none. */
export function textIn(reply: unknown): string | undefined {
  if (typeof reply === "string") return reply;
  if (reply === null) return undefined;
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString("utf8");
  throw new Unforeseen(
    `the client turned Redis's reply into ${kindOf(reply)}; give the store a client without ` +
      "transformers of replies",
  );
}

/** A number. */
export function numberIn(reply: unknown): number {
  if (typeof reply === "number") return reply;
  if (typeof reply === "bigint") return Number(reply);
  const text = textIn(reply);
  if (text !== undefined && isNumber(text)) return Number(text);
  throw new Unforeseen("Redis's reply should be a number, and is not");
}

/** A number, or else a text; no text of the store's consists of digits. */
export function numberOrTextIn(reply: unknown): number | string | undefined {
  if (typeof reply === "number" || typeof reply === "bigint") return Number(reply);
  const text = textIn(reply);
  return text !== undefined && isNumber(text) ? Number(text) : text;
}

/** A list of whatever. */
export function listIn(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new Unforeseen(`Redis's reply should be a list, and is ${kindOf(reply)}`);
}

/** A list of texts. */
export function textsIn(reply: unknown): readonly string[] {
  return listIn(reply).map((each) => {
    const text = textIn(each);
    if (text !== undefined) return text;
    throw new Unforeseen("Redis's reply should be a list of texts, and lacks one");
  });
}

function isNumber(text: string): boolean {
  return /^-?\d+$/.test(text);
}

// Never the reply itself, which holds a visitor's data.
function kindOf(reply: unknown): string {
  return typeof reply === "object" ? "an object" : `a value of type ${typeof reply}`;
}
