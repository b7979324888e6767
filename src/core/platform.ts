/**
 * Whether this is Cloudflare's workerd. It ends a timer together with the request that set it, and
 * shows no warnings of `process.emitWarning`, where it has that at all.
 */
export const IS_CLOUDFLARE: boolean = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** Whether this is Deno. It prints a notice for whoever looks at a request's signal. */
export const IS_DENO: boolean = globalThis.navigator?.userAgent.startsWith("Deno/") === true;
