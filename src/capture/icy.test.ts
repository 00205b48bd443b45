import { describe, expect, test } from 'vitest';
import { IcyParser, metaintOf, streamTitle } from './icy';

const block = (text: string, encoding: BufferEncoding = 'utf8'): Buffer => {
  const bytes = Buffer.from(text, encoding);
  const blocks = Math.ceil(bytes.length / 16);
  return Buffer.concat([Buffer.from([blocks]), bytes, Buffer.alloc(blocks * 16 - bytes.length)]);
};

describe('ICY', () => {
  test('audio and titles come apart however the bytes are cut', () => {
    const stream = Buffer.concat([
      Buffer.from('aaaaaaaa'),
      block("StreamTitle='Youssou N'Dour - 7 seconds';StreamUrl='http://x';"),
      Buffer.from('bbbbbbbb'),
      Buffer.from([0]),
      Buffer.from('cccccccc'),
      block("StreamTitle='';"),
      Buffer.from('dd'),
    ]);
    for (const step of [1, 2, 3, 7, 16, 1000]) {
      const titles: string[] = [];
      const parser = new IcyParser(8, (title) => titles.push(title));
      let audio = '';
      for (let at = 0; at < stream.length; at += step) audio += parser.push(stream.subarray(at, at + step));
      expect(audio).toBe('aaaaaaaabbbbbbbbccccccccdd');
      expect(titles).toEqual(["Youssou N'Dour - 7 seconds", '']);
    }
  });

  test('without metaint everything is audio', () => {
    const parser = new IcyParser(0, () => expect.unreachable());
    expect(parser.push(Buffer.from("StreamTitle='x';")).toString()).toBe("StreamTitle='x';");
  });

  test('titles in UTF-8 and in Latin-1, without control characters, of bounded length', () => {
    expect(streamTitle(Buffer.from("StreamTitle='Été';\0\0", 'utf8'))).toBe('Été');
    expect(streamTitle(Buffer.from("StreamTitle='Été';\0", 'latin1'))).toBe('Été');
    expect(streamTitle(Buffer.from("StreamTitle='a\u0007b';"))).toBe('a b');
    expect(streamTitle(Buffer.from("StreamTitle='it's; mine';"))).toBe("it's; mine");
    expect(streamTitle(Buffer.from("StreamTitle='no end\0\0"))).toBe('no end');
    expect(streamTitle(Buffer.from(`StreamTitle='${'x'.repeat(4000)}';`))).toHaveLength(500);
    expect(streamTitle(Buffer.from("StreamUrl='x';"))).toBeUndefined();
  });

  test('an absurd metaint is none', () => {
    expect(metaintOf('16000')).toBe(16_000);
    for (const absurd of [undefined, '', '-1', 'abc', '999999999', '1e3']) expect(metaintOf(absurd)).toBe(0);
  });
});
