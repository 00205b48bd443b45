import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { AppError } from '../errors';
import type { Station } from './types';
import { type StationInput, shownUrl, stationInput } from './validate';

/** Names of a column or field, in lower case and without accents. */
const FIELDS = {
  name: ['name', 'nom', 'station', 'radio', 'nom de la station', 'station name'],
  url: [
    'url',
    'adresse',
    'flux',
    'stream',
    'lien',
    'adresse du flux',
    'url du flux',
    'stream url',
    'address',
  ],
  paused: ['paused', 'pause', 'en pause', 'suspendu', 'suspendue'],
} as const;
type Field = keyof typeof FIELDS;

const YES = new Set(['oui', 'vrai', 'true', 'yes', '1', 'x', 'o', 'y']);
const NO = new Set(['non', 'faux', 'false', 'no', '0', '', 'n']);

/** What is wrong with a row. */
export interface RowError {
  /** Line of the CSV file, or number of the element in the JSON list, from 1. */
  readonly row: number;
  /** In French, without credentials. */
  readonly message: string;
}

export interface StationRow {
  readonly row: number;
  readonly input: StationInput;
}

export interface StationFile {
  readonly rows: readonly StationRow[];
  readonly errors: readonly RowError[];
  /** Columns that mean nothing to us. */
  readonly ignored: readonly string[];
}

interface RawRow {
  readonly row: number;
  readonly fields: Partial<Record<Field, unknown>>;
}

/**
 * Reads a list of stations, CSV (comma, semicolon or tab; UTF-8 or what French spreadsheets write) or JSON (a list of
 * objects, or `{"stations": […]}`); fields are named in French or English. All rows are looked at.
 * @throws AppError `invalid_station_file` (422) when the file as a whole cannot be read
 */
export function readStationFile(bytes: Uint8Array, fileName: string): StationFile {
  const text = decodeText(bytes);
  const json = /\.json$/i.test(fileName) || (!/\.csv$/i.test(fileName) && /^\s*[[{]/.test(text));
  const ignored = new Set<string>();
  const raw = json ? rowsOfJson(text, ignored) : rowsOfCsv(text, ignored);
  if (raw.length === 0) throw badFile('le fichier ne contient aucune station', 'the file holds no station');
  const errors: RowError[] = [];
  const rows: StationRow[] = [];
  const names = new Map<string, number>();
  const urls = new Map<string, number>();
  for (const { row, fields } of raw) {
    const parsed = stationInput.safeParse({ ...fields, ...pausedOf(fields.paused) });
    if (!parsed.success) {
      for (const message of new Set(parsed.error.issues.map((issue) => issue.message)))
        errors.push({ row, message });
      continue;
    }
    const input = parsed.data;
    const sameName = names.get(input.name.toLowerCase());
    const sameUrl = urls.get(input.url);
    if (sameName !== undefined)
      errors.push({ row, message: `« ${input.name} » est déjà à la ligne ${sameName}` });
    if (sameUrl !== undefined) {
      errors.push({ row, message: `l'adresse ${shownUrl(input.url)} est déjà à la ligne ${sameUrl}` });
    }
    names.set(input.name.toLowerCase(), sameName ?? row);
    urls.set(input.url, sameUrl ?? row);
    rows.push({ row, input });
  }
  return { rows, errors, ignored: [...ignored] };
}

/** Rows whose address belongs to a station that the file does not name. */
export function conflictsWith(stations: readonly Station[], rows: readonly StationRow[]): RowError[] {
  const named = new Set(rows.map(({ input }) => input.name.toLowerCase()));
  const taken = new Map(
    stations.filter(({ name }) => !named.has(name.toLowerCase())).map(({ url, name }) => [url, name]),
  );
  return rows.flatMap(({ row, input }) => {
    const name = taken.get(input.url);
    return name === undefined
      ? []
      : [{ row, message: `l'adresse ${shownUrl(input.url)} est déjà celle de la station « ${name} »` }];
  });
}

function rowsOfCsv(text: string, ignored: Set<string>): RawRow[] {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as never;
  } catch (error) {
    const line = (error as { lines?: number }).lines;
    const at = line === undefined ? '' : ` (ligne ${line})`;
    throw badFile(`le CSV est mal formé${at}`, `malformed CSV${line === undefined ? '' : ` (line ${line})`}`);
  }
  const [header, ...body] = records;
  const columns = (header?.record ?? []).map((title) => fieldOf(title, ignored));
  for (const field of ['name', 'url'] as const) {
    if (header && !columns.includes(field)) {
      const expected = FIELDS[field].slice(0, 4).join(', ');
      throw badFile(
        `la première ligne doit nommer les colonnes ; il manque celle-ci : ${expected}`,
        `the first line must name the columns; this one is missing: ${expected}`,
      );
    }
  }
  return body
    .filter(({ record }) => record.some((cell) => cell !== ''))
    .map(({ record, info }) => ({
      row: info.lines,
      fields: Object.fromEntries(
        columns.flatMap((field, i) => (field && record[i] !== undefined ? [[field, record[i]]] : [])),
      ),
    }));
}

function rowsOfJson(text: string, ignored: Set<string>): RawRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badFile(
      `le JSON est mal formé : ${(error as Error).message}`,
      `malformed JSON: ${(error as Error).message}`,
    );
  }
  const list = z.object({ stations: z.array(z.unknown()) }).safeParse(value);
  const items = list.success ? list.data.stations : value;
  if (!Array.isArray(items)) {
    throw badFile('le JSON doit être une liste de stations', 'the JSON must be a list of stations');
  }
  return items.map((item: unknown, i) => ({
    row: i + 1,
    fields:
      typeof item === 'object' && item !== null
        ? Object.fromEntries(
            Object.entries(item).flatMap(([key, field]) => {
              const known = fieldOf(key, ignored);
              return known ? [[known, field]] : [];
            }),
          )
        : {},
  }));
}

function fieldOf(title: string, ignored: Set<string>): Field | undefined {
  const key = title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();
  for (const [field, names] of Object.entries(FIELDS)) {
    if ((names as readonly string[]).includes(key)) return field as Field;
  }
  if (key !== '') ignored.add(title.trim());
  return undefined;
}

/** Words for yes and no become booleans; anything else is left for validation to refuse. */
function pausedOf(value: unknown): { paused?: unknown } {
  if (value === undefined || value === null) return { paused: undefined };
  const word = String(value).trim().toLowerCase();
  if (YES.has(word)) return { paused: true };
  return NO.has(word) ? { paused: false } : { paused: value };
}

/** The candidate that the first line has most of, quotes aside. */
function delimiterOf(text: string): string {
  const first = (text.split(/\r?\n/).find((line) => line.trim() !== '') ?? '').replace(/"[^"]*"/g, '');
  const counts = [';', ',', '\t'].map((mark) => ({ mark, count: first.split(mark).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).mark;
}

/** UTF-8 with or without mark, UTF-16 with mark, else Windows-1252: what spreadsheets save. */
function decodeText(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (utf16) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function badFile(fr: string, en: string): AppError {
  return new AppError('invalid_station_file', 422, {
    fr: `Liste de stations : ${fr}.`,
    en: `Station list: ${en}.`,
  });
}
