/** Bundlers make several copies of the library, such as one for each route of an application. */
const KIND: unique symbol = Symbol.for("sojourn.error");
const EVERY_KIND = "SessionError";

interface Errors {
  readonly prototype: { readonly [KIND]?: string };
}

const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];

function isInstance(this: Errors, value: unknown): boolean {
  if (isOrdinaryInstance.call(this, value)) return true;
  const { [KIND]: kind } = Object(value) as Errors["prototype"];
  // An application's own subclass has no kind, and is what it ordinarily is.
  if (kind === undefined || !Object.hasOwn(this.prototype, KIND)) return false;
  return [kind, EVERY_KIND].includes(this.prototype[KIND] ?? "");
}

/**
 * Gives a class of errors a name that no minifier changes, by which `instanceof` knows the errors of
 * every copy of the library.
 */
export function nameErrors(errors: { readonly prototype: object }, name: string): void {
  Object.defineProperty(errors, Symbol.hasInstance, { value: isInstance });
  Object.defineProperties(errors.prototype, {
    name: { value: name, writable: true, configurable: true },
    [KIND]: { value: name },
  });
}
