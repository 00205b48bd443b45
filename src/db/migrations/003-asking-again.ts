import type { Knex } from 'knex';

/** Unknown plays about which a service gave no answer are asked about again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE unknown_plays
      -- How often it was put off because a service did not answer, and until when.
      ADD COLUMN retries integer NOT NULL DEFAULT 0,
      ADD COLUMN retry_at timestamptz;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE unknown_plays DROP COLUMN retries, DROP COLUMN retry_at');
}
