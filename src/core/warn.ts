import { IS_CLOUDFLARE } from "./platform.ts";

const told = new WeakMap<object, Set<string>>();

/** Says a sentence about an object to the developer, once: for stores, which know no manager. */
export function warnOnce(about: object, sentence: string): void {
  const sentences = told.get(about) ?? new Set();
  if (sentences.has(sentence)) return;
  told.set(about, sentences.add(sentence));
  if (IS_CLOUDFLARE) console.warn(`SojournWarning: ${sentence}`);
  else process.emitWarning(sentence, "SojournWarning");
}
