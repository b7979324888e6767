declare global {
  namespace App {
    interface Locals {
      session: Awaited<ReturnType<typeof import("./lib/server/sessions").sessions.open>>;
    }
  }
}

export {};
