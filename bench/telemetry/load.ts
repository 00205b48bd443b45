import { connect, type Socket } from 'node:net';

const CONNECTIONS = 32;

/**
 * Requests over kept-alive connections, each sent when the answer to the one before is there: the client costs less than
 * any server that it asks.
 * @returns how many were answered within `ms`
 */
export async function load(port: number, path: string, ms: number): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
  const sockets: Socket[] = [];
  let answered = 0;
  let stopped = false;
  await new Promise<void>((resolve, reject) => {
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.setNoDelay(true);
      socket.on('connect', () => socket.write(request));
      socket.on('error', reject);
      // Answers are small and come in one piece: one packet is one answer.
      socket.on('data', (chunk) => {
        if (chunk.toString('latin1', 9, 12) !== '200') reject(new Error(`unexpected answer: ${chunk}`));
        if (stopped) return;
        answered++;
        socket.write(request);
      });
    }
    setTimeout(() => {
      stopped = true;
      resolve();
    }, ms);
  });
  for (const socket of sockets) socket.destroy();
  return answered;
}
