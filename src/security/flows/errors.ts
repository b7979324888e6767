import { nameErrors } from "../../core/error-kinds.ts";
import { SessionError } from "../../core/errors.ts";

/** Why a step cannot be taken: nobody has begun, or not lately enough; or it is not the next one. */
export type FlowReason = "none" | "order";

/**
 * A step of a flow was asked for that cannot be taken: it was not begun here, is over, is finished, or
 * another step comes first. Send the visitor to its beginning.
 *
 * @example
 * const flowErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof FlowError) res.redirect(303, "/forgotten");
 *   else next(error);
 * };
 */
export class FlowError extends SessionError {
  static {
    nameErrors(FlowError, "FlowError");
  }

  readonly code = "ERR_SESSION_FLOW";
  readonly status = 400;
  readonly reason: FlowReason;
  /** Which flow it was. */
  readonly flow: string;

  constructor(reason: FlowReason, flow: string) {
    super(
      reason === "none"
        ? `The flow "${flow}" is not under way here: not begun, finished, or expired.`
        : `The flow "${flow}" is at another step: its steps are taken one after the other.`,
    );
    this.reason = reason;
    this.flow = flow;
  }
}
