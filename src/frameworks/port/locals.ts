import { requireKnownKeys } from "../../core/option-checks.ts";

/** How a framework with `locals` for each request is shown the session. */
export interface LocalsOptions {
  /**
   * Opens the session before the handlers run, and shows it as `locals.session`. A visitor without a
   * cookie costs the store nothing. Where it cannot be opened, whoever reads `locals.session` is told
   * why.
   *
   * @defaultValue false
   */
  readonly accessor?: boolean | undefined;
}

/** Whether the accessor is wished for. @throws {@link OptionsError} for what is no such option. */
export function wantsAccessor(
  name: string,
  options: LocalsOptions,
  others: readonly string[] = [],
): boolean {
  requireKnownKeys(name, options, ["accessor", ...others]);
  return options.accessor === true;
}

/** Shows the session, once it is open, or why it is not. */
export async function showIn(locals: object, opening: Promise<object>): Promise<void> {
  const get = await opening.then(
    (session) => () => session,
    (error: unknown) => (): never => {
      throw error;
    },
  );
  Object.defineProperty(locals, "session", { get, configurable: true, enumerable: true });
}
