interface Shown {
  readonly session: { readonly userId: string | undefined };
}

/** Nitro hands on the visitor's own context. */
export default defineCachedEventHandler(
  (event) => ({ user: (event.context as unknown as Shown).session.userId ?? "nobody" }),
  { maxAge: 60 },
);
