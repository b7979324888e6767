import { CrossSiteError } from "../../../src/core/errors.ts";
import { createSessions, memoryStore, type Untyped } from "../../../src/index.ts";
import { csrfToken, requireCsrfToken } from "../../../src/security/csrf/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { bytesOf, Finding, type Subject, type Target } from "../target.ts";

async function open(): Promise<Subject> {
  const sessions = createSessions<Untyped>({ store: memoryStore(), onError: () => undefined });
  const ready = Promise.withResolvers<Subject>();
  const done = Promise.withResolvers<void>();
  // Two of this session, and one of another: the request lasts as long as the trial.
  const other = (await new Browser(sessions as never).visit((session) => csrfToken(session))).json;
  const visit = new Browser(sessions as never).visit(async (session) => {
    const good = new Set([await csrfToken(session), await csrfToken(session)]);
    ready.resolve({
      seeds: bytesOf(...good, String(other)),
      pieces: bytesOf(...good, String(other), "=", "A", "-", "+", "\0"),
      attempt(input) {
        const text = input.toString("latin1");
        try {
          requireCsrfToken(session, text);
        } catch (error) {
          if (error instanceof CrossSiteError) return "refused";
          throw error;
        }
        if (!good.has(text)) throw new Finding("it takes a token that nobody was given");
        return "taken";
      },
      async close() {
        done.resolve();
        await visit;
        await sessions.close();
      },
    });
    await done.promise;
  });
  return ready.promise;
}

export const csrfTokens: Target = { name: "CSRF tokens", share: 100, open };
