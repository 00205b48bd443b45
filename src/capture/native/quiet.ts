import { AV_LOG_QUIET } from 'node-av/constants';
import { Log } from 'node-av/lib';

// The library writes every damaged frame of every station to stderr; what matters is counted and named by us instead.
Log.setLevel(AV_LOG_QUIET);
