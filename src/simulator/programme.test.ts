import { describe, expect, test } from 'vitest';
import { GRID_MS } from './air';
import { BLOCK_MS, Programme } from './programme';
import { synthesisedRepertoire } from './repertoire';
import { PROFILE_SETTINGS, PROFILES, type Profile } from './styles';
import { truthBetween } from './truth';

const HOUR = 3_600_000;

function programmeOf(profile: Profile, seed = 1, mount = 'teranga.mp3') {
  const { minSeconds, maxSeconds, style } = PROFILE_SETTINGS[profile];
  const repertoire = synthesisedRepertoire({ seed, tracks: 12, unknown: 6, minSeconds, maxSeconds });
  return new Programme(seed, mount, repertoire, style);
}

describe.each(PROFILES)('a programme of profile %s', (profile) => {
  const elements = programmeOf(profile).elementsBetween(0, 4 * HOUR);

  test('is the same from the same seed, whichever part is asked for first, and another from another', () => {
    const again = programmeOf(profile);
    again.elementsBetween(-50 * HOUR, -49 * HOUR);
    const late = again.elementsBetween(3 * HOUR, 4 * HOUR);
    expect(late).toEqual(elements.filter((element) => element.endMs > 3 * HOUR));
    expect(programmeOf(profile, 2).elementsBetween(0, HOUR)).not.toEqual(again.elementsBetween(0, HOUR));
    expect(programmeOf(profile, 1, 'baobab.aac').elementsBetween(0, HOUR)).not.toEqual(
      again.elementsBetween(0, HOUR),
    );
  });

  test('begins with a song that the library knows', () => {
    expect(elements[0]).toMatchObject({ kind: 'track', startMs: 0 });
  });

  test('leaves no hole longer than a pause, and overlaps songs by a crossfade at most', () => {
    const { style } = PROFILE_SETTINGS[profile];
    let end = 0;
    for (const element of elements.filter(({ over }) => !over)) {
      expect(element.startMs - end).toBeLessThanOrEqual(5_100);
      expect(end - element.startMs).toBeLessThanOrEqual(style.maxCrossfadeS * 1_000 + GRID_MS);
      end = element.endMs;
    }
  });

  test('keeps every time on the grid and every element within its recording', () => {
    for (const element of elements) {
      for (const ms of [element.startMs, element.endMs, element.offsetMs]) expect(ms % GRID_MS).toBe(0);
      const played = (element.endMs - element.startMs) * element.speed;
      expect(played).toBeGreaterThan(0);
      expect(element.offsetMs + played).toBeLessThanOrEqual(element.audioMs + 2 * GRID_MS);
      expect(Math.floor(element.startMs / BLOCK_MS)).toBe(Math.floor((element.endMs - 1) / BLOCK_MS));
    }
  });

  test('plays songs that are known and songs that are not, jingles and speech', () => {
    expect(new Set(elements.map(({ kind }) => kind))).toEqual(
      new Set(['track', 'unknown', 'jingle', 'speech']),
    );
  });
});

test('the hard profile has talk over music, excerpts, other speeds and drop-outs, the load profile none', () => {
  const hard = programmeOf('eval').elementsBetween(0, 4 * HOUR);
  expect(hard.some(({ over }) => over)).toBe(true);
  expect(hard.some(({ cut }) => cut)).toBe(true);
  expect(hard.some(({ offsetMs }) => offsetMs > 0)).toBe(true);
  expect(hard.some(({ speed }) => speed !== 1)).toBe(true);
  expect(programmeOf('eval').dropoutsBetween(0, 4 * HOUR).length).toBe(16);
  const easy = programmeOf('load').elementsBetween(0, 4 * HOUR);
  expect(easy.some(({ over, speed, fadeOutMs }) => over || speed !== 1 || fadeOutMs > 0)).toBe(false);
});

test('truth names what was aired in air time, with what kept it from being heard', () => {
  const programme = programmeOf('eval');
  const origin = 1_700_000_000_000;
  const [dropout] = programme.dropoutsBetween(0, HOUR);
  const fault = { from: origin + 1_000, to: origin + 3_000 };
  const entries = truthBetween(programme, origin, origin, origin + HOUR, [fault]);
  expect(entries[0]).toMatchObject({ station: 'teranga.mp3', kind: 'track', startedAt: origin });
  expect(entries[0]!.title).toMatch(/\(simulé\)$/);
  expect(entries[0]!.unheard).toContainEqual(fault);
  const during = entries.filter(({ startedAt, endedAt }) => {
    return startedAt < origin + dropout!.endMs && endedAt > origin + dropout!.startMs;
  });
  expect(during.length).toBeGreaterThan(0);
  for (const { unheard } of during) expect(unheard.length).toBeGreaterThan(0);
  const talked = entries.find(({ talkedOver }) => talkedOver.length > 0)!;
  expect(talked.talkedOver[0]!.from).toBeGreaterThanOrEqual(talked.startedAt);
});

test('every name in a repertoire says that it is simulated, and no two titles are alike', () => {
  const repertoire = synthesisedRepertoire({
    seed: 1,
    tracks: 200,
    unknown: 20,
    minSeconds: 60,
    maxSeconds: 90,
  });
  const all = [...repertoire.tracks, ...repertoire.unknown];
  for (const { title, artists, album, label } of all) {
    for (const name of [title, ...artists, album, label]) expect(name).toMatch(/\(simulé\)$/);
  }
  expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
});
