/** A body that is there in one piece: no code of the application's runs while it is sent. */
export type WholeBody = string | Uint8Array<ArrayBuffer> | Blob | null;

/**
 * The body of a response that is whole already; `undefined` where it may be a stream, as the web
 * standard does not tell.
 *
 * @hono/node-server tells: its `Response` keeps status, body and headers until somebody asks for
 * what only the runtime's own one has, such as `body`, and is written at once as long as it does.
 */
export function wholeBodyOf(response: Response): WholeBody | undefined {
  const symbols = Object.getOwnPropertySymbols(response);
  const symbol = symbols.find(({ description }) => description === "cache");
  const made: unknown = symbol && (response as unknown as Record<symbol, unknown>)[symbol];
  return Array.isArray(made) && isWhole(made[1]) ? made[1] : undefined;
}

function isWhole(body: unknown): body is WholeBody {
  return (
    body === null || typeof body === "string" || body instanceof Uint8Array || body instanceof Blob
  );
}
