/** What a callback hears of a failure: an error, mostly. */
// biome-ignore lint/suspicious/noExplicitAny: as its users' types have it, whose handlers read `error.message`.
export type Failure = any;
