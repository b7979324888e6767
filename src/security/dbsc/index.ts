export { DeviceProofError } from "./errors.ts";
export { dbscHandler, dbscMiddleware, type NodeResponse } from "./handlers.ts";
export type { DeviceBoundOptions } from "./options.ts";
export { deviceBound } from "./protection.ts";
export { deviceKeyOffer, requireProof } from "./require-proof.ts";
