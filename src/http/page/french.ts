/** How the page says times, spans and figures. Dakar's clock is UTC all year. */
const TIME = new Intl.DateTimeFormat('fr-FR', { timeZone: 'Africa/Dakar', timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('fr-FR', { timeZone: 'Africa/Dakar', day: 'numeric', month: 'short' });
const NUMBER = new Intl.NumberFormat('fr-FR');

/** `14:03:27`, with the day in front when it is not today's. */
export function clockTime(ms: number, now: number): string {
  const day = DAY.format(ms);
  return day === DAY.format(now) ? TIME.format(ms) : `${day} ${TIME.format(ms)}`;
}

/** A duration in its two largest units: `12 s`, `3 min 05 s`, `2 h 10 min`, `4 j 3 h`. */
export function span(s: number): string {
  const whole = Math.max(0, Math.round(s));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${Math.floor(whole / 86_400)} j ${Math.floor(whole / 3_600) % 24} h`;
}

/** `1 234`, as French writes it. */
export function figure(n: number): string {
  return NUMBER.format(n);
}

/** `97 %`; never rounded up to a whole that it is not. */
export function percent(ratio: number): string {
  return `${Math.floor(ratio * 100)}\u00a0%`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
