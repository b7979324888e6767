import { PyDict, type PyEntry, type PyValue } from "../values.ts";

/** How many keys are compared one by one before they are looked up. */
const FEW = 8;

/** Gathers the entries of a dict. A key that comes again keeps its place, and the last value stays. */
export class PyDictBuilder {
  readonly #entries: PyEntry[] = [];
  #places: Map<string, number> | undefined;

  set(key: string, value: PyValue): void {
    const place = this.#placeOf(key);
    if (place === -1) {
      this.#places?.set(key, this.#entries.length);
      this.#entries.push([key, value]);
    } else {
      this.#entries[place] = [key, value];
    }
  }

  built(): PyDict {
    return new PyDict(this.#entries);
  }

  #placeOf(key: string): number {
    if (this.#entries.length < FEW) return this.#entries.findIndex(([each]) => each === key);
    this.#places ??= new Map(this.#entries.map(([each], index) => [each as string, index]));
    return this.#places.get(key) ?? -1;
  }
}
