/** Requests that machines make every few seconds and that would drown those of people; not in the HTTP metrics. */
export function isIgnoredPath(path: string): boolean {
  return path === '/api/metrics' || path === '/health' || path.startsWith('/health/');
}
