import { once } from "node:events";
import { connect } from "node:net";
import type { Place } from "../../support/servers/test-server.ts";

/** Sends one command to a server by a connection of its own, and resolves to the whole answer. */
export async function wire({ port }: Pick<Place, "port">, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("utf8");
  let answer = "";
  socket.on("data", (text: string) => {
    answer += text;
  });
  socket.write(`${command}\r\nquit\r\n`);
  await once(socket, "close");
  return answer;
}

/** For how many seconds an item will stay: -1 for ever; `undefined` where there is none. */
export async function secondsLeft(
  place: Pick<Place, "port">,
  key: string,
): Promise<number | undefined> {
  const answer = await wire(place, `mg ${key} t`);
  const seconds = /^HD t(-?\d+)/.exec(answer)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
