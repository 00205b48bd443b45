import { z } from 'zod';
import { AppError } from '../errors';

/** Phrases for checks that zod has no words for: `refine(check, { params: { fr, en } })`. */
const phrased = (language: 'fr' | 'en') => {
  const { localeError } = language === 'fr' ? z.locales.fr() : z.locales.en();
  return ((issue) => {
    const params = 'params' in issue ? (issue.params as Record<string, string> | undefined) : undefined;
    return params?.[language] ?? localeError(issue);
  }) as z.core.$ZodErrorMap;
};
const french = phrased('fr');
const english = phrased('en');

/**
 * The value as the schema gives it.
 * @param translations English of messages that the schema itself has in French
 * @throws AppError 400 with every field at fault, in both languages
 */
export function valid<T>(
  schema: z.ZodType<T>,
  value: unknown,
  code: string,
  translations: Readonly<Record<string, string>> = {},
): T {
  const result = schema.safeParse(value, { error: french });
  if (result.success) return result.data;
  const inEnglish = schema.safeParse(value, { error: english }).error?.issues ?? [];
  const details = result.error.issues.map((issue, i) => ({
    field: issue.path.join('.'),
    message_fr: issue.message,
    message_en: translations[issue.message] ?? inEnglish[i]?.message ?? issue.message,
  }));
  const list = (language: 'message_fr' | 'message_en', colon: string) =>
    details
      .slice(0, 5)
      .map((d) => (d.field === '' ? d[language] : `${d.field}${colon}${d[language]}`))
      .join(' ; ');
  throw new AppError(
    code,
    400,
    {
      fr: `Demande non valide. ${list('message_fr', ' : ')}`,
      en: `Invalid request. ${list('message_en', ': ')}`,
    },
    details,
  );
}

/** A key of the database as it stands in an address. */
export const id = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number);

/** A whole number in a query string. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** The object without what is undefined in it. */
export function given<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<T>
  >;
}

/** Words to look for. */
export const words = z.string().trim().min(1).max(200);

/** Nothing was heard before; and PostgreSQL knows no year 0. */
const EARLIEST = '1970-01-01';
/** With an offset a time may lie in the year 10000, which PostgreSQL reads otherwise than JavaScript writes it. */
const LATEST = '9999-01-01';
const tooEarly = { params: { fr: `pas avant ${EARLIEST}`, en: `not before ${EARLIEST}` } };

/** A calendar day, which is the same in UTC and in Dakar. */
export const day = z.iso.date().refine((text) => text >= EARLIEST, tooEarly);

/** A moment: a day (its beginning) or an ISO time with its offset. */
export const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((text) => new Date(text))
  .refine((date) => date.getTime() >= Date.parse(EARLIEST), tooEarly)
  .refine((date) => date.getTime() < Date.parse(LATEST), {
    params: { fr: `avant ${LATEST}`, en: `before ${LATEST}` },
  });
