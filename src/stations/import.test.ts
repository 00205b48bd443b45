import { describe, expect, test } from 'vitest';
import { conflictsWith, readStationFile } from './import';

const read = (text: string, name = 'x.csv') => readStationFile(Buffer.from(text), name);
const inputs = (text: string, name?: string) => {
  const file = read(text, name);
  expect(file.errors).toEqual([]);
  return file.rows.map(({ input }) => input);
};
const a = { name: 'Radio A', url: 'http://a/live', paused: false };
const b = { name: 'Radio Thiès', url: 'http://b/live', paused: true };

describe('a list of stations', () => {
  test.each([
    [
      'French, semicolons',
      'Nom;Adresse;En pause\nRadio A;http://a/live;non\nRadio Thiès;http://b/live;oui\n',
    ],
    ['English, commas', 'name,url,paused\n"Radio A",http://a/live,\nRadio Thiès,http://b/live,true'],
    [
      'tabs, Windows lines, blank lines',
      'Flux\tStation\tPause\r\nhttp://a/live\tRadio A\t0\r\n\r\nhttp://b/live\tRadio Thiès\tx\r\n',
    ],
    ['a byte order mark', '\ufeffnom;url;pause\nRadio A;http://a/live;\nRadio Thiès;http://b/live;1'],
  ])('CSV: %s', (_, text) => {
    expect(inputs(text)).toEqual([a, b]);
  });

  test('CSV as French spreadsheets save it', () => {
    const text = 'nom;url;pause\nRadio A;http://a/live;\nRadio Thiès;http://b/live;oui';
    expect(readStationFile(Buffer.from(text, 'latin1'), 'x.csv').rows.map(({ input }) => input)).toEqual([
      a,
      b,
    ]);
  });

  test.each([
    [
      'a list',
      [
        { nom: 'Radio A', url: 'http://a/live' },
        { ...b, name: 'Radio Thiès' },
      ],
    ],
    ['an object', { stations: [a, { nom: b.name, flux: b.url, 'en pause': 'oui' }] }],
  ])('JSON: %s', (_, value) => {
    expect(inputs(JSON.stringify(value), 'x.json')).toEqual([a, b]);
  });

  test('says all that is wrong, with the lines', () => {
    const { rows, errors } = read(
      [
        'nom;url;pause',
        'Radio A;http://a/live;',
        ';ftp://x;peut-être',
        '"Radio',
        'sur deux lignes";http://moi:secret@c/;',
        'radio a;http://d/;',
        'Radio E;http://moi:secret@c/;',
        'Sans adresse',
      ].join('\n'),
    );
    expect(rows.map(({ row }) => row)).toEqual([2, 5, 6, 7]);
    expect(errors).toEqual([
      { row: 3, message: 'le nom doit avoir de 1 à 100 caractères' },
      { row: 3, message: "l'adresse doit commencer par http:// ou https://" },
      { row: 3, message: 'paused est vrai ou faux' },
      { row: 6, message: '« radio a » est déjà à la ligne 2' },
      { row: 7, message: "l'adresse http://…@c/ est déjà à la ligne 5" },
      { row: 8, message: 'une adresse de flux est attendue' },
    ]);
  });

  test('names the columns that mean nothing', () => {
    expect(read('nom;url;Ville\nRadio A;http://a/live;Dakar').ignored).toEqual(['Ville']);
  });

  test.each([
    ['', 'x.csv', 'aucune station'],
    ['nom;url\n', 'x.csv', 'aucune station'],
    ['Radio A;http://a/live', 'x.csv', 'nommer les colonnes'],
    ['nom;url\n"Radio A;http://a', 'x.csv', 'mal formé'],
    ['{"a":1}', 'x.json', 'liste de stations'],
    ['[{]', 'x.json', 'mal formé'],
    ['[]', 'x.json', 'aucune station'],
    ['\0\x01\x02', 'x.bin', 'colonnes'],
  ])('%j in %s is refused as a whole', (text, name, message) => {
    let refusal: unknown;
    try {
      read(text, name);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      ...{ code: 'invalid_station_file', status: 422, phrase: { fr: expect.stringContaining(message) } },
    });
  });

  test('rows of a JSON that are no stations', () => {
    expect(read('[1, null, {"nom": 3}]', 'x.json').errors.map(({ row }) => row)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test('an address of a station that the file does not name is a conflict', () => {
    const { rows } = read('nom;url\nNouvelle;http://a/live\nRadio B;http://c/');
    const known = { ...a, id: 1, simulated: false };
    expect(conflictsWith([known], rows)).toEqual([
      { row: 2, message: "l'adresse http://a/live est déjà celle de la station « Radio A »" },
    ]);
    expect(conflictsWith([{ ...known, name: 'nouvelle' }], rows)).toEqual([]);
  });
});
