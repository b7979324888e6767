import { OptionsError } from "../core/errors.ts";

/** A request of a {@link TestClient}. At most one of `form`, `json` and `body` may be given. */
export interface TestRequest {
  /** @defaultValue `"GET"` */
  readonly method?: string | undefined;
  readonly headers?: RequestInit["headers"] | undefined;
  /** Fields as a browser's form sends them (`application/x-www-form-urlencoded`). */
  readonly form?: Readonly<Record<string, string>> | URLSearchParams | undefined;
  /** A value to send as `application/json`. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData | Blob | undefined;
  /** Whether redirects are followed. @defaultValue `"follow"` */
  readonly redirect?: "follow" | "manual" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The request in the words of `fetch`. */
export function toFetch(request: TestRequest, shared: RequestInit["headers"]): RequestInit {
  const headers = new Headers(shared);
  for (const [name, value] of new Headers(request.headers)) headers.set(name, value);
  const { method = "GET", signal } = request;
  const content = contentOf(request);
  if (content?.type !== undefined && !headers.has("content-type")) {
    headers.set("content-type", content.type);
  }
  return {
    method: method.toUpperCase(),
    headers,
    ...(content === undefined ? {} : { body: content.body }),
    ...(signal === undefined ? {} : { signal }),
  };
}

interface Content {
  readonly body: NonNullable<RequestInit["body"]>;
  /** `undefined` where `fetch` finds it by itself. */
  readonly type: string | undefined;
}

function contentOf({ form, json, body }: TestRequest): Content | undefined {
  if ([form, json, body].filter((given) => given !== undefined).length > 1) {
    throw new OptionsError("testClient(request)", "give one of form, json and body, not several.");
  }
  if (form !== undefined) return { body: new URLSearchParams(form), type: undefined };
  if (json !== undefined) return { body: JSON.stringify(json), type: "application/json" };
  return body === undefined ? undefined : { body, type: undefined };
}
