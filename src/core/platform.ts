/**
 * Whether this is Cloudflare's workerd. It ends a timer together with the request that set it, and
 * shows no warnings of `process.emitWarning`, where it has that at all.
 */
export const IS_CLOUDFLARE: boolean = globalThis.navigator?.userAgent === "Cloudflare-Workers";
