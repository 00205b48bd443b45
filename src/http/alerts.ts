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

  constructor(
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /** Takes a notification in: each alert is kept and logged. */
  take(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      this.received.unshift({ ...alert, receivedAt: this.now() });
      this.tell(alert);
    }
    this.received.length = Math.min(this.received.length, KEPT);
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

  private tell(alert: Alert): void {
    const fields = {
      alerte: line(alert.labels.alertname ?? ''),
      ...(alert.labels.severity === undefined ? {} : { gravite: line(alert.labels.severity) }),
      depuis: alert.startsAt,
      empreinte: line(alert.fingerprint),
    };
    const what = headline(alert);
    if (alert.status === 'resolved') this.log.info(fields, `alerte terminée : ${what}`);
    else if (alert.labels.severity === 'critical') this.log.error(fields, `alerte : ${what}`);
    else this.log.warn(fields, `alerte : ${what}`);
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
