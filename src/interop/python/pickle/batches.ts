/** Items that are written together: one with an opcode of its own, more after a mark. */
export interface Batch<Item> {
  readonly items: readonly Item[];
  readonly isAlone: boolean;
}

const SIZE = 1000;

/** One by one, as protocol 0 does. */
export function singly<Item>(items: readonly Item[]): Batch<Item>[] {
  return items.map((item) => ({ items: [item], isAlone: true }));
}

/** As CPython writes a list: only where it has one item does that stand alone. */
export function listBatches<Item>(items: readonly Item[]): Batch<Item>[] {
  if (items.length === 1) return singly(items);
  return chunks(items).map((chunk) => ({ items: chunk, isAlone: false }));
}

/** As CPython writes a dict: after a full batch, an empty one tells that there is no more. */
export function dictBatches<Item>(items: readonly Item[]): Batch<Item>[] {
  const isFull = items.length > 0 && items.length % SIZE === 0;
  return isFull ? [...listBatches(items), { items: [], isAlone: false }] : listBatches(items);
}

/** As CPython writes what it is handed item by item: a last item stands alone. */
export function iteratedBatches<Item>(items: readonly Item[]): Batch<Item>[] {
  return chunks(items).map((chunk) => ({ items: chunk, isAlone: chunk.length === 1 }));
}

function chunks<Item>(items: readonly Item[]): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / SIZE) }, (_, index) =>
    items.slice(index * SIZE, (index + 1) * SIZE),
  );
}
