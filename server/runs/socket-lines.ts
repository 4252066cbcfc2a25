import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";

/**
 * Calls back with every line that comes over a socket; one that is longer than it may be ends the socket. Not `node:readline`, which
 * throws an error of the socket again where nobody can catch it.
 */
export function onLines(socket: Socket, longest: number, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  socket.on("data", (bytes: Buffer) => {
    const lines = (rest + decoder.write(bytes)).split("\n");
    rest = lines.pop()!;
    if (rest.length > longest || lines.some((line) => line.length > longest)) {
      socket.destroy();
      return;
    }
    for (const line of lines) onLine(line);
  });
}
