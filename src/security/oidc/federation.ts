import type { Engine } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { internalsOf } from "../../core/internals.ts";
import type { Home } from "../../core/records.ts";
import { ProviderMarks } from "./provider-marks.ts";
import type { Providers } from "./providers.ts";

/** What a manager knows of its identity providers. */
export interface Federation {
  readonly engine: Engine;
  readonly marks: ProviderMarks;
  readonly providers: Providers;
}

const federations = new WeakMap<Home, Federation>();

/** Makes the federation of a manager. @throws {@link OptionsError} over sessions that nobody can find. */
export function federate(engine: Engine, providers: Providers): Federation {
  if (engine.keeper.store.directory === undefined || !engine.isHome) throw unfindable(engine);
  const federation = { engine, marks: new ProviderMarks(engine), providers };
  federations.set(engine.home, federation);
  return federation;
}

/** The federation of a manager. @throws {@link OptionsError} where there is none. */
export function federationOf(sessions: object, call: string): Federation {
  return federationOn(internalsOf(sessions).engine, call);
}

/** As {@link federationOf}, by the engine. */
export function federationOn({ home }: Engine, call: string): Federation {
  const federation = federations.get(home);
  if (federation !== undefined) return federation;
  throw new OptionsError(
    call,
    "needs protections: [federated({ providers: […] })] in createSessions, which says whom to believe.",
  );
}

function unfindable({ isHome }: Engine): OptionsError {
  const reason = isHome
    ? "this store cannot find a user's sessions to end them. Choose one with a directory, such as sqliteStore."
    : "sessions in cookies, and those of another framework, cannot be found to end them. Keep them in a " +
      'store of ours, such as sqliteStore("sessions.db").';
  return new OptionsError("protections", `federated: ${reason}`);
}
