import type { Sessions } from "sojourn";
import type { AdapterAnswer, AdapterData, AdapterRoute } from "sojourn/testing";

/** What the test asks of this application, in whose process it runs. */
export interface Suite {
  readonly managers: readonly Sessions<AdapterData>[];
  readonly routes: readonly AdapterRoute[];
}

declare global {
  var suite: Suite | undefined;
}

export function suiteOf(): Suite {
  if (globalThis.suite === undefined) throw new Error("The suite has begun nothing.");
  return globalThis.suite;
}

export function bodyOf({ body }: AdapterAnswer): ReadableStream<Uint8Array> | string | null {
  if (typeof body !== "object") return body ?? null;
  const pieces = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
