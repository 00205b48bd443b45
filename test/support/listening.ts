import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { DecoderPool } from '../../src/capture/decoder/pool';
import { Listener } from '../../src/capture/listener';
import { clockAtRate } from '../../src/clock';
import { Ear } from './ear';
import { Radio } from './radio';

/**
 * Stations run eight times as fast as real ones, and so does the clock: each connection has ten seconds of it, and fifteen
 * without a byte are a stall, whatever else a busy machine does in that time.
 */
export const RATE = 8;

/** A decoder pool for the file, a radio for each test, and listeners that end with the test. */
export function listening(rate = RATE) {
  const log = pino({ level: 'silent' });
  const listeners: Listener[] = [];
  const room = {
    radio: undefined as unknown as Radio,
    pool: undefined as unknown as DecoderPool,
    clock: clockAtRate(rate),
    /** Listens to an address; gives what it hears. */
    listen(url: string): Ear {
      const ear = new Ear();
      const station = { id: 7, name: 'Essai FM', url };
      listeners.push(
        new Listener({ station, decoders: room.pool, sink: ear, clock: room.clock, log, random: () => 0.5 }),
      );
      return ear;
    },
    stopAll: async () => {
      await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    },
  };
  beforeAll(() => {
    room.pool = new DecoderPool({ processes: 1, log });
  });
  beforeEach(async () => {
    room.radio = await new Radio().start();
  });
  afterEach(async () => {
    await room.stopAll();
    await room.radio.stop();
  });
  afterAll(() => room.pool.stop());
  return room;
}
