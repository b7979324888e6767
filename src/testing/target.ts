import { OptionsError } from "../core/errors.ts";

/** What a {@link TestClient} talks to: an address, or a web-standard handler. */
export type TestTarget = string | URL | ((request: Request) => Response | Promise<Response>);

/** Sends one request and follows nothing. */
export type Send = (url: URL, init: RequestInit) => Promise<Response>;

/**
 * Where paths are resolved, and how a request gets there.
 *
 * @throws {@link OptionsError} for what is neither an http address nor a function.
 */
export function resolveTarget(
  target: TestTarget,
  origin: string | undefined,
): { readonly base: URL; readonly send: Send } {
  const shown = origin === undefined ? undefined : httpUrl("testClient(origin)", origin);
  if (typeof target === "function") {
    return { base: shown ?? new URL("https://localhost"), send: handlerSend(target) };
  }
  const address = httpUrl("testClient(target)", target);
  return shown === undefined
    ? { base: address, send: (url, init) => plainFetch(url, init) }
    : { base: shown, send: proxySend(address, shown) };
}

function httpUrl(option: string, address: string | URL): URL {
  const url = URL.parse(String(address));
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new OptionsError(
    option,
    "it must be an address such as http://localhost:3000" +
      (option === "testClient(target)" ? ", or a function from a Request to a Response." : "."),
  );
}

function handlerSend(handler: (request: Request) => Response | Promise<Response>): Send {
  return async (url, init) => {
    const request = new Request(url, init);
    request.signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true });
    return Promise.race([handler(request), promise]);
  };
}

/** Without the `Cache-Control: no-cache` that fetch adds to a conditional request by default. */
function plainFetch(url: URL, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, cache: "force-cache" });
}

/** Requests to the origin that the browser sees go to the address; others go where they say. */
function proxySend(address: URL, shown: URL): Send {
  return (url, init) => {
    if (url.origin !== shown.origin) return plainFetch(url, init);
    const headers = new Headers(init.headers);
    headers.set("x-forwarded-proto", shown.protocol.slice(0, -1));
    headers.set("x-forwarded-host", shown.host);
    return plainFetch(new URL(url.pathname + url.search, address), { ...init, headers });
  };
}
