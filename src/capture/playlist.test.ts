import { expect, test } from 'vitest';
import { isHls, playlistEntries } from './playlist';

const base = new URL('http://radio.sn/listes/a.m3u');
const hrefs = (text: string) => playlistEntries(text, base).map(({ href }) => href);

test('M3U: relative and absolute entries, comments and other protocols left out, at most five', () => {
  expect(
    hrefs('#EXTM3U\n#EXTINF:-1,X\n\nlive.mp3\r\nhttps://b.sn/x\nfile:///etc/passwd\nrtmp://c.sn\n'),
  ).toEqual(['http://radio.sn/listes/live.mp3', 'https://b.sn/x']);
  expect(hrefs(Array.from({ length: 50 }, (_, i) => `http://x/${i}`).join('\n'))).toHaveLength(5);
});

test('PLS: only its File lines', () => {
  expect(hrefs('[playlist]\nFile1=http://a/1\nTitle1=http://no/\nfile2 = /2\nLength1=-1\n')).toEqual([
    'http://a/1',
    'http://radio.sn/2',
  ]);
});

test('HLS is told from a list of streams', () => {
  expect(isHls('#EXTM3U\n#EXT-X-TARGETDURATION:6\n')).toBe(true);
  expect(isHls('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n')).toBe(true);
  expect(isHls('#EXTM3U\n#EXTINF:-1,X\nhttp://a\n')).toBe(false);
  expect(isHls('<html>')).toBe(false);
});
