interface Suite {
  readonly managers: readonly import("sojourn").Sessions<import("sojourn/testing").AdapterData>[];
  readonly routes: readonly import("sojourn/testing").AdapterRoute[];
  readonly hasAccessor?: boolean;
}

/** What the test that runs this server in its own process hands to it. */
declare var suite: Suite | undefined;

declare namespace App {
  interface Locals {
    session: import("sojourn").Session<import("sojourn/testing").AdapterData>;
  }
}
