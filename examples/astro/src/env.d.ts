declare namespace App {
  interface Locals {
    session: Awaited<ReturnType<typeof import("./lib/sessions").sessions.open>>;
  }
}
