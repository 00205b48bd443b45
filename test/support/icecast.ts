import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';

/** A real Icecast server of Debian's, and sources that speak to it at the pace of a studio. */
export class Icecast {
  private sources = new Set<{ socket: Socket; timer: NodeJS.Timeout }>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly port: number,
  ) {}

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(): Promise<Icecast> {
    const folder = mkdtempSync(join(tmpdir(), 'icecast-'));
    chmodSync(folder, 0o777);
    const port = await freePort();
    const path = join(folder, 'icecast.xml');
    writeFileSync(path, configuration(folder, port));
    const child = spawn('icecast2', ['-c', path], { stdio: 'ignore' });
    const server = new Icecast(child, folder, port);
    const deadline = Date.now() + 30_000;
    while (!(await answers(port))) {
      if (Date.now() > deadline || child.exitCode !== null) {
        await server.stop();
        throw new Error(`icecast2 does not answer (exit code ${child.exitCode})`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return server;
  }

  /** Sends `bytes` of `seconds` of audio over and over, in real time. Gives the moment its first byte was sent, ms. */
  broadcast(
    mount: string,
    bytes: Buffer,
    seconds: number,
    contentType: string,
  ): { startedAt: number; stop(): void } {
    // By hand: Icecast takes the body as it comes, and Node would cut it into HTTP's own chunks.
    const asked = connect(this.port, '127.0.0.1');
    asked.on('error', () => undefined);
    const head = [`PUT ${mount} HTTP/1.0`, `Authorization: Basic ${btoa('source:secret')}`];
    asked.write([...head, `Content-Type: ${contentType}`, 'Ice-Name: Essai', '', ''].join('\r\n'));
    const startedAt = Date.now();
    let sent = 0;
    const send = () => {
      const due = Math.floor(((Date.now() - startedAt) / 1000) * (bytes.length / seconds));
      while (sent < due) {
        const at = sent % bytes.length;
        const part = bytes.subarray(at, at + Math.min(due - sent, bytes.length - at));
        asked.write(part);
        sent += part.length;
      }
    };
    const source = { socket: asked, timer: setInterval(send, 50) };
    this.sources.add(source);
    return {
      startedAt,
      stop: () => {
        clearInterval(source.timer);
        asked.destroy();
        this.sources.delete(source);
      },
    };
  }

  /** Sets the title of a mount the way studios do. */
  async title(mount: string, song: string): Promise<void> {
    const query = new URLSearchParams({ mount, mode: 'updinfo', song, charset: 'UTF-8' });
    const answer = await fetch(`${this.address}/admin/metadata?${query}`, {
      headers: { Authorization: `Basic ${btoa('source:secret')}` },
    });
    if (!answer.ok) throw new Error(`icecast refused the title: ${answer.status}`);
  }

  /** What it tells of itself and of its mounts, JSON. */
  async status(): Promise<string> {
    return (await fetch(`${this.address}/status-json.xsl`)).text();
  }

  /** Throws when the server had ended by itself: then its own log says why. */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.child;
    const died = exitCode !== null || signalCode !== null;
    const log = died ? readFileSync(join(this.folder, 'error.log'), 'utf8').slice(-2000) : '';
    for (const { socket: asked, timer } of this.sources) {
      clearInterval(timer);
      asked.destroy();
    }
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    if (!died && this.child.kill('SIGKILL')) await gone;
    rmSync(this.folder, { recursive: true, force: true });
    if (died) throw new Error(`icecast2 ended by itself (${signalCode ?? exitCode}):\n${log}`);
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/status-json.xsl`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Icecast refuses to run as root: there it changes to `nobody`. */
function configuration(folder: string, port: number): string {
  const owner = '<changeowner><user>nobody</user><group>nogroup</group></changeowner>';
  return `<icecast>
  <location>Dakar</location><admin>essai@localhost</admin><hostname>localhost</hostname>
  <limits><clients>50</clients><sources>10</sources><queue-size>524288</queue-size>
    <source-timeout>10</source-timeout><burst-on-connect>1</burst-on-connect><burst-size>65535</burst-size></limits>
  <authentication><source-password>secret</source-password>
    <admin-user>admin</admin-user><admin-password>secret</admin-password></authentication>
  <listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths><basedir>/usr/share/icecast2</basedir><logdir>${folder}</logdir>
    <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
  <security><chroot>0</chroot>${process.getuid?.() === 0 ? owner : ''}</security>
</icecast>`;
}
