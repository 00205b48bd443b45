import { catalogue } from './catalogue';

/** Names and labels for those who write queries: `METRIC.httpRequests.name`, with literal types. */
export const METRIC = catalogue;
