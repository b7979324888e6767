import { type FlaskWays, flaskConvention } from "../flask/flask-convention.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { resolveServer, type ServerSettings } from "./resolve-options.ts";
import { serverFormat } from "./server-format.ts";
import type { FlaskServerOptions } from "./server-options.ts";
import { type PlaceName, placeOf } from "./server-place.ts";
import type { SessionForm } from "./session-forms.ts";
import { sidCookie } from "./sid-cookie.ts";

/**
 * The sessions of Flask-Session: the cookie holds an id, and the rest lies in a store.
 *
 * @param group - Whose options they are, such as `flaskServerSessions`.
 */
export function flaskServerDefinition(group: string, options: FlaskServerOptions): ForeignSessions {
  const settings = resolveServer(group, options);
  const { name, place } = placeOf(group, options);
  const { version, idBytes, signingKey, cookieName, factsKey, absoluteTimeoutMs } = settings;
  return {
    framework: "Flask-Session",
    cookieName,
    format: serverFormat(formIn(name, settings)),
    convention: flaskConvention(waysOf(settings)),
    renewal: "on-change",
    factsKey,
    absoluteTimeoutMs,
    kept: { keys: sidCookie(version === "0.3" ? "uuid4" : idBytes, signingKey), rows: place },
    get profile() {
      const { profile } = place;
      return { ...profile, caveats: [...profile.caveats, caveatOf(version)] };
    },
  };
}

/** The form of a new session. */
function formIn(place: PlaceName, { version, serialization }: ServerSettings): SessionForm {
  // Up to 0.5 clients of Memcached had to be given text.
  if (version === "0.3" && place === "memcached") return { kind: "pickle", protocol: 0 };
  if (version !== "0.7" || place === "filesystem") return { kind: "pickle", protocol: 4 };
  return { kind: serialization };
}

function waysOf({ user, lifetimeMs, isPermanent, refreshes, version }: ServerSettings): FlaskWays {
  return {
    user,
    lifetimeMs,
    usually: isPermanent ? "permanent" : "untilClosed",
    renewal: (permanence) => {
      if (version === "0.3") return "each-visit";
      return refreshes && permanence === "permanent" ? "each-visit" : "on-change";
    },
  };
}

function caveatOf(version: ServerSettings["version"]): string {
  return version === "0.3"
    ? "Flask-Session saves a session after each request, changed or not, as it was when the request began: it undoes what was written here meanwhile, and brings back what ended here meanwhile."
    : "Flask-Session saves a session whole when a request has changed it: it undoes what was written here meanwhile, and brings back what ended here meanwhile.";
}
