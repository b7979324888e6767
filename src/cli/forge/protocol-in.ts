import type { PickleProtocol } from "../../interop/python/pickle/write-pickle.ts";
import { WrongInput } from "../wrong-input.ts";

const PROTOCOLS: readonly PickleProtocol[] = [0, 1, 2, 3, 4, 5];

/** The protocol of `--protocol`. */
export function protocolIn(text: string): PickleProtocol {
  const protocol = PROTOCOLS.find((each) => String(each) === text);
  if (protocol === undefined) throw new WrongInput("--protocol takes 0 to 5.");
  return protocol;
}
