import type { APIEvent } from "@solidjs/start/server";
import { answer } from "../../../suite";

export function GET({ nativeEvent, request }: APIEvent): ReturnType<typeof answer> {
  return answer(nativeEvent, request);
}

export const POST = GET;
