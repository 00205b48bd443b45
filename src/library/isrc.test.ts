import { describe, expect, test } from 'vitest';
import { formatIsrc, normaliseIsrc, readIsrc } from './isrc';

describe('ISRC', () => {
  test.each([
    ['FR-Z03-14-00123', 'FRZ031400123'],
    ['frz031400123', 'FRZ031400123'],
    ['ISRC FR Z03 14 00123', 'FRZ031400123'],
    ['ISRC:SN‐A1B‐24‐00001', 'SNA1B2400001'],
  ])('%j is %s', (text, isrc) => {
    expect(normaliseIsrc(text)).toBe(isrc);
  });

  test.each([
    '',
    'FRZ0314001234',
    'FRZ03140012',
    '12Z031400123',
    'FRZ03140O123',
    'XXXXX0000000',
    'FR-Z0é-14-00123',
  ])('%j is none', (text) => {
    expect(normaliseIsrc(text)).toBeUndefined();
  });

  test('is shown with hyphens', () => {
    expect(formatIsrc('FRZ031400123')).toBe('FR-Z03-14-00123');
  });

  test('a field with several codes is read as one only when they agree', () => {
    expect(readIsrc(undefined)).toEqual({ kind: 'absent' });
    expect(readIsrc(' ; ')).toEqual({ kind: 'absent' });
    expect(readIsrc('FR-Z03-14-00123; frz031400123')).toEqual({ kind: 'valid', isrc: 'FRZ031400123' });
    expect(readIsrc('FRZ031400123/FRZ031400124')).toMatchObject({ kind: 'ambiguous' });
    expect(readIsrc('rien')).toEqual({ kind: 'invalid', text: 'rien' });
  });
});
