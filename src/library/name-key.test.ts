import { expect, test } from 'vitest';
import { nameKey } from './name-key';

test.each([
  ['Youssou  N’DOUR ', "youssou n'dour"],
  ['Viviane Chidid', 'viviane chidid'],
  ['Omar Péné', 'omar pene'],
  ['Ａｂ\tc', 'ab c'],
  ['Пётр', 'петр'],
  ['  ', ''],
])('%j → %j', (name, key) => {
  expect(nameKey(name)).toBe(key);
});

test('names that differ by more than spelling stay apart', () => {
  expect(nameKey('Ismaël Lô')).not.toBe(nameKey('Ismaël Lo Junior'));
  expect(nameKey('किशोर')).not.toBe(nameKey('कुशार'));
});
