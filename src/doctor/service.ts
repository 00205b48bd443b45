import { definitions } from '../../otel/metrics/catalogue';
import { ask } from './ask';
import { type Exposition, parseExposition } from './exposition';
import { about, type Finding, some } from './finding';

/** The service itself: alive, ready, its metrics readable and complete. */
export async function checkService(service: string, token?: string): Promise<Finding[]> {
  return [...(await checkHealth(service)), ...(await checkMetrics(service, token))];
}

async function checkHealth(service: string): Promise<Finding[]> {
  const { ok, fault } = about('Service');
  const answer = await ask(`${service}/health/ready`);
  if (!answer.reached) {
    return [
      fault(
        `${service} ne répond pas (${answer.reason}).`,
        'Le lancer : « npm start », ou « docker compose up --detach --wait ». S’il tourne ailleurs : « npm run doctor -- --service http://… ».',
      ),
    ];
  }
  if (answer.status === 200) return [ok(`${service} est prêt.`)];
  const reasons = [...answer.text.matchAll(/"reason_fr":"([^"]+)"/g)].map(([, reason]) => reason!);
  return [
    fault(
      `${service} tourne mais n’est pas prêt (${answer.status})${reasons.length > 0 ? ` : ${some(reasons)}` : ''}.`,
      'Si la base ne répond pas : « docker compose ps db ». Sinon, lire les dernières lignes du journal du service.',
    ),
  ];
}

async function checkMetrics(service: string, token?: string): Promise<Finding[]> {
  const { ok, fault } = about('/api/metrics');
  const url = `${service}/api/metrics`;
  const answer = await ask(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  if (!answer.reached)
    return [fault(`${url} ne répond pas (${answer.reason}).`, 'Voir « Service » ci-dessus.')];
  if (answer.status === 401) {
    return [
      fault(
        token === undefined ? 'Un jeton est demandé.' : 'Le jeton donné est refusé.',
        'Donner le fichier de METRICS_TOKEN_FILE : « npm run doctor -- --metrics-token-file … », et le même à Prometheus (authorization.credentials_file).',
      ),
    ];
  }
  if (answer.status !== 200) {
    return [
      fault(
        `${url} répond ${answer.status}.`,
        'Vérifier que le service est lancé avec « --require ./dist/otel/bootstrap.js », comme le fait « npm start ».',
      ),
    ];
  }
  if (!answer.type.startsWith('text/plain')) {
    return [
      fault(
        `${url} donne du « ${answer.type} ».`,
        'Une autre application occupe ce port : vérifier l’adresse.',
      ),
    ];
  }
  const exposition = parseExposition(answer.text);
  const findings: Finding[] = [];
  if (exposition.invalid.length > 0) {
    findings.push(
      fault(
        `Lignes invalides : ${some(exposition.invalid, 3)}.`,
        'C’est une faute du service : garder la réponse (« curl … > metriques.txt ») et prévenir les développeurs.',
      ),
    );
  }
  return [...findings, ...checkFamilies(exposition, () => ok(`lisible, ${exposition.values.size} séries.`))];
}

/** Families of the catalogue that are not there, and collectors that say that they failed. */
function checkFamilies(exposition: Exposition, fine: () => Finding): Finding[] {
  const { note, fault } = about('Métriques');
  const findings: Finding[] = [];
  const failed = [...exposition.values].flatMap(([series, value]) => {
    const collector = /^sodav_collector_success\{.*?collector="([^"]+)"/.exec(series)?.[1];
    return collector !== undefined && value === 0 ? [collector] : [];
  });
  if (failed.length > 0) {
    findings.push(
      fault(
        `Collecteurs en échec : ${some(failed)} ; leurs jauges sont absentes.`,
        failed.includes('library')
          ? 'La base ne répond pas : « docker compose ps db », puis docs/runbooks/SodavDatabaseUnreachable.md.'
          : 'Le journal du service dit pourquoi ; voir docs/runbooks/SodavCollectorFailed.md.',
      ),
    );
  }
  const absent = definitions.filter(
    ({ name, kind }) => !exposition.samples.has(kind === 'histogram' ? `${name}_count` : name),
  );
  // A gauge may have nothing to say yet; what counts is there from the first reading.
  const missing = absent.filter(({ kind, documented }) => kind !== 'gauge' || documented);
  const waiting = absent.filter((one) => !missing.includes(one));
  if (missing.length > 0 && failed.length === 0) {
    findings.push(
      fault(
        `Familles absentes : ${some(missing.map(({ name }) => name))}.`,
        'Le service est-il de la même version que ce dossier ? Comparer sodav_build_info et package.json.',
      ),
    );
  }
  if (waiting.length > 0) {
    findings.push(note(`sans valeur pour l’instant : ${some(waiting.map(({ name }) => name))}.`));
  }
  return [fine(), ...findings];
}
