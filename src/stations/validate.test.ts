import { describe, expect, test } from 'vitest';
import { shownUrl, stationInput, stationPatch } from './validate';

const url = 'https://radio.sn:8000/live';
const problems = (input: unknown) => {
  const parsed = stationInput.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
};

describe('a station', () => {
  test('is a name and an address', () => {
    expect(stationInput.parse({ name: '  Radio   Dakar ', url: ` ${url} ` })).toEqual({
      ...{ name: 'Radio Dakar', url, paused: false },
    });
  });

  test.each([
    [{ url }, 'un nom est attendu'],
    [{ name: ' ', url }, 'le nom doit avoir de 1 à 100 caractères'],
    [{ name: 'x'.repeat(101), url }, 'le nom doit avoir de 1 à 100 caractères'],
    [{ name: 'a\0b', url }, 'le nom contient des caractères de commande'],
    [{ name: 'x' }, 'une adresse de flux est attendue'],
    [{ name: 'x', url: 'ftp://a/b' }, "l'adresse doit commencer par http:// ou https://"],
    [{ name: 'x', url: 'file:///etc/passwd' }, "l'adresse doit commencer par http:// ou https://"],
    [{ name: 'x', url: 'http://' }, "l'adresse doit commencer par http:// ou https://"],
    [{ name: 'x', url: `http://a/${'b'.repeat(2_000)}` }, "l'adresse dépasse 2000 caractères"],
    [{ name: 'x', url, paused: 'oui' }, 'paused est vrai ou faux'],
  ])('%j is refused', (input, message) => {
    expect(problems(input)).toEqual([message]);
  });

  test('with unknown fields is refused', () => {
    expect(problems({ name: 'x', url, id: 3 })).toHaveLength(1);
  });

  test('may be changed in part, but not in nothing', () => {
    expect(stationPatch.parse({ paused: true })).toEqual({ paused: true });
    expect(stationPatch.safeParse({}).success).toBe(false);
    expect(stationPatch.safeParse({ url: 'x' }).success).toBe(false);
  });
});

test('an address is shown without its credentials', () => {
  expect(shownUrl('http://moi:secret@radio.sn/live?a=1')).toBe('http://…@radio.sn/live?a=1');
  expect(shownUrl('http://:secret@radio.sn/')).toBe('http://…@radio.sn/');
  expect(shownUrl('http://radio.sn/')).toBe('http://radio.sn/');
  expect(shownUrl('secret')).toBe('…');
});
