import type { Rejection } from "../../core/events.ts";
import type { TornadoReading } from "./signed-value.ts";

type Reason = (TornadoReading & { readonly ok: false })["reason"];

/** Why a signed value is not believed, in the words of the event `rejected`. */
export const SIGNED_REJECTIONS: Readonly<Record<Reason, Rejection>> = {
  malformed: "malformed",
  altered: "altered",
  unknownKey: "unknownKey",
  expired: "expired",
  // Digits could have been moved from the value to the time.
  future: "altered",
  oldVersion: "malformed",
};
