/** Text that is HTML already. Only {@link html} makes it, so everything else is escaped once. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template. `undefined` and `false` show nothing. */
export type Fragment = Html | string | number | false | undefined | readonly Fragment[];

/**
 * A piece of a page. Whatever is put into it is escaped, unless it is a piece itself.
 *
 * @example
 * html`<h1>${title}</h1>`
 */
export function html(strings: TemplateStringsArray, ...fragments: Fragment[]): Html {
  return new Html(String.raw({ raw: strings }, ...fragments.map(textOf)));
}

function textOf(fragment: Fragment): string {
  if (fragment === undefined || fragment === false) return "";
  if (fragment instanceof Html) return fragment.toString();
  if (typeof fragment === "object") return fragment.map(textOf).join("");
  return String(fragment).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
