import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { Service } from '../support/service-process';

/**
 * The service with a data folder of its own, at work when this resolves. It has not been asked anything until then: its
 * log says that it listens to its stations, or waits for the copy that does.
 */
export async function startService(
  settings: Record<string, string>,
  folder = mkdtempSync(join(tmpdir(), 'sodav-watched-')),
): Promise<Service> {
  const service = Service.spawn(folder, { LOG_FORMAT: 'json', ...settings });
  void service.ended.then(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  try {
    await service.answers();
    await eventually(240_000, () => /À voir :|Une autre copie du service écoute déjà/.test(service.log));
  } catch (error) {
    await service.kill();
    throw new Error(`the service did not start: ${error}\n${service.log}`);
  }
  return service;
}
