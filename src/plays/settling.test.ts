import { expect, test } from 'vitest';
import { clockAtRate } from '../clock';
import { Settling } from './settling';

test('the last call for a play is made, once it has rested; one that is forgotten is not', async () => {
  const settling = new Settling(clockAtRate(1_000), 20_000);
  const called: string[] = [];
  settling.call('a', () => called.push('a, too early'));
  settling.call('b', () => called.push('b, forgotten'));
  settling.call('a', () => called.push('a'));
  settling.forget('b');
  const rested = new Promise<void>((resolve) => settling.call('c', resolve));
  await rested;
  expect(called).toEqual(['a']);
  settling.call('d', () => called.push('d, stopped'));
  settling.stop();
  await new Promise<void>((resolve) => settling.call('e', resolve));
  expect(called).toEqual(['a']);
});
