import type { Logger } from '../log';

/** One alert as Alertmanager tells it. */
export interface Alert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt?: string | undefined;
  readonly fingerprint: string;
}

export interface ReceivedAlert extends Alert {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

const KEPT = 100;

/** The last alerts that Alertmanager told us about; in memory only, Alertmanager and Prometheus keep the rest. */
export class Alerts {
  private received: ReceivedAlert[] = [];
  private signAt: number | undefined;

  constructor(
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /** Takes a notification in: each alert is kept and logged; a reminder takes the place of what it reminds of. */
  take(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (alert.labels.severity === 'none') {
        this.signAt = this.now();
        this.log.debug({ alerte: line(alert.labels.alertname ?? '') }, 'signe de vie des alertes');
        continue;
      }
      const same = (other: Alert) =>
        other.fingerprint === alert.fingerprint &&
        other.status === alert.status &&
        other.startsAt === alert.startsAt;
      const reminder = this.received.some(same);
      this.received = [
        { ...alert, receivedAt: this.now() },
        ...this.received.filter((other) => !same(other)),
      ];
      this.tell(alert, reminder);
    }
    this.received.length = Math.min(this.received.length, KEPT);
  }

  /** When the alert that always fires (severity `none`) came last, ms since the epoch: the way is open. */
  lastSign(): number | undefined {
    return this.signAt;
  }

  /** Newest first. */
  last(): readonly ReceivedAlert[] {
    return this.received;
  }

  /** Those whose last news is that they fire. */
  firing(): ReceivedAlert[] {
    const seen = new Set<string>();
    return this.received.filter(({ fingerprint, status }) => {
      const newest = !seen.has(fingerprint);
      seen.add(fingerprint);
      return newest && status === 'firing';
    });
  }

  private tell(alert: Alert, reminder: boolean): void {
    const fields = {
      alerte: line(alert.labels.alertname ?? ''),
      ...(alert.labels.severity === undefined ? {} : { gravite: line(alert.labels.severity) }),
      depuis: alert.startsAt,
      empreinte: line(alert.fingerprint),
    };
    const what = headline(alert);
    if (alert.status === 'resolved') this.log.info(fields, `alerte terminée : ${what}`);
    else {
      const { severity } = alert.labels;
      const level = severity === 'critical' ? 'error' : severity === 'info' ? 'info' : 'warn';
      this.log[level](fields, `alerte${reminder ? ' (rappel)' : ''} : ${what}`);
    }
  }
}

/** What an alert says in one line. */
export function headline(alert: Alert): string {
  return line(alert.annotations.summary ?? alert.labels.alertname ?? 'sans nom');
}

/** One line of at most 300 characters: a text from outside must not look like log lines of ours. */
function line(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
