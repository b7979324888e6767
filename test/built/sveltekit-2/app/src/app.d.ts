import type { error, Handle, redirect } from "@sveltejs/kit";
import type { Session, Sessions } from "sojourn";
import type { AdapterData, AdapterRoute } from "sojourn/testing";

interface Suite {
  readonly managers: readonly Sessions<AdapterData>[];
  readonly routes: readonly AdapterRoute[];
  readonly hasAccessor?: boolean;
  readonly hasErrorPage?: boolean;
  /** What a `handle` behind ours does. */
  readonly guard?: (
    input: Parameters<Handle>[0] & {
      readonly error: typeof error;
      readonly redirect: typeof redirect;
    },
  ) => ReturnType<Handle>;
  readonly heard?: unknown[];
}

declare global {
  /** What the test that runs this server in its own process hands to it. */
  var suite: Suite;

  namespace App {
    interface Locals {
      session: Session<AdapterData>;
    }
  }
}
