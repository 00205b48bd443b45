import { describe, expect, test } from 'vitest';
import { readTags, splitPerformers, titleFromFileName } from './tags';

describe('tags', () => {
  test('become a recording', () => {
    const tags = {
      title: 'Birima',
      artist: 'Youssou N’Dour; Le Super Étoile de Dakar',
      album: 'Joko',
      publisher: 'Sony Music',
      isrc: 'FR-Z03-14-00123',
    };
    expect(readTags(tags, 'x.mp3')).toEqual({
      title: 'Birima',
      artists: ['Youssou N’Dour', 'Le Super Étoile de Dakar'],
      album: 'Joko',
      label: 'Sony Music',
      isrc: 'FRZ031400123',
      warnings: [],
    });
  });

  test('say nothing: the title is the file name, and nobody is invented', () => {
    expect(readTags({}, '/musique/Baaba Maal/03 - Yela.flac')).toEqual({
      title: 'Yela',
      artists: [],
      warnings: [],
    });
    expect(readTags({ artist: 'Unknown Artist', title: ' ' }, 'a.mp3')).toMatchObject({
      title: 'a',
      artists: [],
    });
  });

  test('an ISRC that is none is left out, and told', () => {
    const { isrc, warnings } = readTags({ title: 'x', isrc: 'FR123' }, 'x.mp3');
    expect(isrc).toBeUndefined();
    expect(warnings).toEqual(['ISRC « FR123 » non valable, laissé de côté']);
  });

  test('what PostgreSQL cannot store is taken out', () => {
    expect(readTags({ title: 'a\0b\u0007c', album: '\0' }, 'x.mp3')).toEqual({
      title: 'a b c',
      artists: [],
      warnings: [],
    });
    expect(readTags({ title: `a${'\ud800'}b` }, 'x.mp3').title).toBe('a b');
    expect(readTags({ title: 'x'.repeat(10_000) }, 'x.mp3').title).toHaveLength(500);
  });
});

test.each([
  ['Orchestra Baobab / Thione Seck', ['Orchestra Baobab', 'Thione Seck']],
  ['Akon feat. Viviane Chidid', ['Akon', 'Viviane Chidid']],
  ['Wally Seck (ft. Sidiki Diabaté)', ['Wally Seck', 'Sidiki Diabaté']],
  ['A featuring B;a', ['A', 'B']],
  ['A\0B', ['A', 'B']],
  ['AC/DC', ['AC/DC']],
  ['Earth, Wind & Fire', ['Earth, Wind & Fire']],
  ['Touré Kunda (2000)', ['Touré Kunda (2000)']],
  ['Various Artists', []],
  ['Daft Punk', ['Daft Punk']],
  [undefined, []],
])('performers of %j', (field, names) => {
  expect(splitPerformers(field)).toEqual(names);
});

test.each([
  ['breaking_the_chains.ogg', 'breaking the chains'],
  ['01. Sama Dom.mp3', 'Sama Dom'],
  ['12-Xarit.mp3', 'Xarit'],
  ['7 Seconds.mp3', '7 Seconds'],
  ['1999.mp3', '1999'],
  ['01.mp3', '01'],
  ['Seck - Diongoma.mp3', 'Seck - Diongoma'],
])('title of %j', (file, title) => {
  expect(titleFromFileName(file)).toBe(title);
});
