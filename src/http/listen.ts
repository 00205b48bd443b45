import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type Koa from 'koa';
import { AppError } from '../errors';

/** A server that answers; `close` lets what is under way finish, for at most five seconds. */
export interface Listener {
  readonly server: Server;
  readonly url: string;
  close(): Promise<void>;
}

const CLOSE_MS = 5_000;

/**
 * Serves the application, with limits on how slowly and how much a client may send.
 * @throws AppError `address_in_use`, `address_unavailable`
 */
export async function listen(app: Koa, options: { host: string; port: number }): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      // A large upload over a slow line; JSON bodies have a shorter limit of their own.
      requestTimeout: 600_000,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      // Refused by ourselves, in our form.
      requireHostHeader: false,
    },
    app.callback(),
  );
  server.maxRequestsPerSocket = 0;
  server.on('clientError', refuse);
  await bind(server, options);
  const { port } = server.address() as AddressInfo;
  const host = ['0.0.0.0', '::'].includes(options.host) ? 'localhost' : options.host;
  return {
    server,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function bind(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new AppError('address_in_use', 500, {
            fr: `Le port ${port} est déjà pris sur ${host} : arrêtez l'autre programme ou choisissez PORT.`,
            en: `Port ${port} is already taken on ${host}: stop the other program or choose PORT.`,
          }),
        );
      } else {
        reject(
          new AppError(
            'address_unavailable',
            500,
            {
              fr: `Impossible d'écouter sur ${host}:${port} (${error.code}) : vérifiez HOST et PORT.`,
              en: `Cannot listen on ${host}:${port} (${error.code}): check HOST and PORT.`,
            },
            undefined,
            { cause: error },
          ),
        );
      }
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** What is no HTTP, or too much of it, is answered in the same form as everything else. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code, fr, en] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          '431 Request Header Fields Too Large',
          'headers_too_large',
          'En-têtes trop grands.',
          'Headers too large.',
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [
            '408 Request Timeout',
            'too_slow',
            "La demande n'est pas arrivée à temps.",
            'The request did not arrive in time.',
          ]
        : [
            '400 Bad Request',
            'bad_request',
            "La demande n'est pas du HTTP valable.",
            'The request is not valid HTTP.',
          ];
  const body = JSON.stringify({ error: { code, message: fr, message_fr: fr, message_en: en } });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
