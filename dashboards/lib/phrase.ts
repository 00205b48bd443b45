export const LANGUAGES = ['fr', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text in both languages, side by side, so that neither is forgotten. */
export type Phrase = Readonly<Record<Language, string>>;

export const p = (fr: string, en: string): Phrase => ({ fr, en });

/** The same in both: a documented title, a name, a unit. */
export const same = (text: string): Phrase => ({ fr: text, en: text });

export const say = (text: Phrase | string, language: Language): string =>
  typeof text === 'string' ? text : text[language];
