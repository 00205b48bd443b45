import { z } from 'zod';

/** Longest URL that is taken, characters. */
const LONGEST_URL = 2_000;

/** Messages are French here, the language of who types stations in; the HTTP room adds the English phrase. */
const name = z
  .string({ error: 'un nom est attendu' })
  .transform((text) => text.normalize('NFC').replace(/\s+/g, ' ').trim())
  .refine((text) => text.length >= 1 && text.length <= 100, 'le nom doit avoir de 1 à 100 caractères')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'le nom contient des caractères de commande');

const url = z
  .string({ error: 'une adresse de flux est attendue' })
  .trim()
  .refine((text) => text.length <= LONGEST_URL, `l'adresse dépasse ${LONGEST_URL} caractères`)
  .refine(isHttpUrl, "l'adresse doit commencer par http:// ou https://")
  .transform((text) => new URL(text).toString());

/** What makes a station. */
export const stationInput = z.strictObject({
  name,
  url,
  paused: z.boolean({ error: 'paused est vrai ou faux' }).default(false),
});
export type StationInput = z.output<typeof stationInput> & { readonly simulated?: boolean };

/** What may be changed of one; at least one of them. */
export const stationPatch = z
  .strictObject({ name, url, paused: z.boolean({ error: 'paused est vrai ou faux' }) })
  .partial()
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'rien à changer');
export type StationPatch = z.output<typeof stationPatch>;

function isHttpUrl(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return (protocol === 'http:' || protocol === 'https:') && hostname !== '';
  } catch {
    return false;
  }
}

/** A stream's address as it may be shown: without user name and password. Text that is no URL is shown as « … ». */
export function shownUrl(text: string): string {
  try {
    const parsed = new URL(text);
    if (parsed.username !== '' || parsed.password !== '') {
      parsed.username = '…';
      parsed.password = '';
    }
    return parsed.toString().replace('%E2%80%A6@', '…@');
  } catch {
    return '…';
  }
}
