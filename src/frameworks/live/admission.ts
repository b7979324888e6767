import type { IncomingMessage } from "node:http";
import { plainText } from "../../core/errors.ts";
import { oneOf } from "../../core/option-checks.ts";
import { plainAnswer } from "../port/node-exchange.ts";
import type { Connection } from "./connection.ts";
import type { ConnectOptions, LiveHub } from "./live-sessions.ts";

/** Whom a socket server lets in. */
export interface Admission extends Pick<ConnectOptions, "crossSite"> {
  /**
   * Whether a visitor who has a session, and has not signed in, may connect.
   *
   * @defaultValue `"refuse"`
   */
  readonly anonymous?: "refuse" | "allow" | undefined;
}

/** The answer to a handshake that is refused. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A process that is about to end lets others answer. */
const ENDING: Refusal = { status: 503, body: plainText(503) };
const NOBODY: Refusal = { status: 401, body: "Please sign in.\n" };

/** Lets a visitor in, or says how to refuse. A failure of the store is reported, and does not reject. */
export async function admitted(
  hub: LiveHub,
  request: IncomingMessage,
  { anonymous, ...options }: Admission & Pick<ConnectOptions, "until">,
): Promise<Connection | Refusal> {
  if (hub.isClosed) return ENDING;
  try {
    oneOf("anonymous", anonymous, ["refuse", "allow"]);
    const session = await hub.connect(request, options);
    if (session === undefined) return NOBODY;
    if (session.userId !== undefined || anonymous === "allow") return session;
    session.close();
    return NOBODY;
  } catch (error) {
    if (hub.isClosed) return ENDING;
    const answer = plainAnswer(error);
    if (answer.status >= 500) hub.report(error, request, "answered");
    return answer;
  }
}
