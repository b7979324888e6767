import { OptionsError } from "../../core/errors.ts";
import type { EngineOptions } from "../../core/options.ts";

/** An authenticator assurance level of NIST SP 800-63B-4. */
export type NistLevel = "aal1" | "aal2" | "aal3";

/** A kind of application, as OWASP's Session Management Cheat Sheet has them. */
export type OwaspRisk = "high-value" | "low-risk";

/** Timeouts to spread into the options of `createSessions`. */
export type PresetOptions = Required<
  Pick<EngineOptions, "idleTimeout" | "absoluteTimeout" | "persistent">
>;

const NIST: Readonly<Record<NistLevel, PresetOptions>> = {
  aal1: { idleTimeout: "30d", absoluteTimeout: "30d", persistent: false },
  aal2: { idleTimeout: "1h", absoluteTimeout: "24h", persistent: false },
  aal3: { idleTimeout: "15m", absoluteTimeout: "12h", persistent: false },
};

const OWASP: Readonly<Record<OwaspRisk, PresetOptions>> = {
  "high-value": { idleTimeout: "5m", absoluteTimeout: "4h", persistent: false },
  "low-risk": { idleTimeout: "30m", absoluteTimeout: "8h", persistent: false },
};

/**
 * The longest timeouts of an assurance level of NIST SP 800-63B-4 (2.1.3, 2.2.3, 2.3.3), and nobody
 * remembered beyond the browser's end (5.1): AAL1 30 d; AAL2 24 h, idle 1 h; AAL3 12 h, idle 15 min. What
 * stands after it in the options counts.
 *
 * @throws {@link OptionsError} for a level that there is not.
 * @example
 * const sessions = createSessions({ ...nist("aal2"), store: memoryStore() });
 */
export function nist(level: NistLevel): PresetOptions {
  return presetIn(NIST, level, "nist(level)");
}

/**
 * The timeouts that OWASP's Session Management Cheat Sheet names: `high-value` idle 5 min, absolute 4 h;
 * `low-risk` idle 30 min, absolute 8 h; and nobody remembered beyond the browser's end.
 *
 * @throws {@link OptionsError} for a kind that there is not.
 * @example
 * const sessions = createSessions({ ...owasp("high-value"), store: memoryStore() });
 */
export function owasp(risk: OwaspRisk): PresetOptions {
  return presetIn(OWASP, risk, "owasp(risk)");
}

function presetIn<Name extends string>(
  presets: Readonly<Record<Name, PresetOptions>>,
  name: Name,
  option: string,
): PresetOptions {
  if (Object.hasOwn(presets, name)) return { ...presets[name] };
  const known = Object.keys(presets).map((each) => JSON.stringify(each));
  throw new OptionsError(option, `must be one of ${known.join(", ")}.`);
}
