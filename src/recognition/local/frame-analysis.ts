import { FRAME_ANALYSIS_WASM } from './frame-analysis.wasm';
import { splitTable, twiddleTable, windowTable } from './frame-tables';
import { BINS, FFT_SIZE, FIRST_BIN, HOP_SAMPLES, LAST_BIN } from './params';

/** What is used of the standard interface: the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

type Address = { readonly value: number };

/** What `assembly/index.ts` exports: addresses, and the analysis of the frame that lies at one of them. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly WINDOW: Address;
  readonly TWIDDLES: Address;
  readonly SPLIT: Address;
  readonly SAMPLES: Address;
  readonly POWER: Address;
  readonly MAXIMUM: Address;
  readonly CANDIDATES: Address;
  readonly LEVEL: Address;
  analyse(first: number, last: number, reach: number, floor: number, hop: number): number;
}

export interface FrameLevel {
  /** Mean power of the samples, full scale square wave = 1. */
  readonly power: number;
  /** Geometric by arithmetic mean of the band's power: 1 = white, 0 = tonal. */
  readonly flatness: number;
}

/** Below this power a peak is rounding noise of 16-bit samples. */
const FLOOR = 1e-5;
/** Bands of four bins, from the first to the one that holds the last; their powers come in products of eight. */
const BANDS = Math.ceil((LAST_BIN - FIRST_BIN + 1) / 4);
const PRODUCTS = Math.ceil(BANDS / 8);

/**
 * Spectrum, maxima and level of one frame, by WebAssembly. Keeps nothing between frames but its tables, which stay in the
 * processor's cache when all streams of a thread share one.
 */
export class FrameAnalysis {
  private readonly run: Exports['analyse'];
  private readonly samples: Int16Array;
  private readonly levels: Float64Array;
  /** Power of the bins of the last frame, full scale = 1 in the time domain. */
  readonly power: Float64Array;
  /** Its running maximum, from FIRST_BIN to LAST_BIN. */
  readonly maximum: Float64Array;
  /** Bins of the band that are the maximum of their surroundings, in rising order. */
  readonly candidates: Uint16Array;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(FRAME_ANALYSIS_WASM, 'base64'));
    const exports = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = exports.memory;
    const f64 = ({ value }: Address, length: number) => new Float64Array(buffer, value, length);
    f64(exports.WINDOW, FFT_SIZE).set(windowTable());
    f64(exports.TWIDDLES, 1.5 * BINS).set(twiddleTable());
    f64(exports.SPLIT, 2 * BINS).set(splitTable());
    this.run = exports.analyse;
    this.samples = new Int16Array(buffer, exports.SAMPLES.value, FFT_SIZE);
    this.levels = f64(exports.LEVEL, 2 + PRODUCTS);
    this.power = f64(exports.POWER, BINS);
    this.maximum = f64(exports.MAXIMUM, BINS);
    this.candidates = new Uint16Array(buffer, exports.CANDIDATES.value, LAST_BIN - FIRST_BIN + 1);
  }

  /**
   * Analyses FFT_SIZE 16-bit samples, with the maximum over ±`reach` bins (8 … 20). Returns the number of candidates; what
   * lies behind them in their array is old.
   */
  analyse(samples: Int16Array, reach: number): number {
    // Windows of 16 bins cover the surroundings, which begin at bin 0 or above.
    if (!(reach >= 8 && reach <= FIRST_BIN)) throw new RangeError(`no running maximum over ±${reach} bins`);
    this.samples.set(samples);
    return this.run(FIRST_BIN, LAST_BIN, reach, FLOOR, HOP_SAMPLES);
  }

  /** The level of the frame's newest hop only: overlapping windows would smear it over a quarter of a second. */
  level(): FrameLevel {
    const [energy, sum] = this.levels;
    let logs = 0;
    for (let i = 0; i < PRODUCTS; i++) logs += Math.log(this.levels[2 + i]!);
    return { power: energy! / (HOP_SAMPLES * 32768 ** 2), flatness: Math.exp(logs / BANDS) / (sum! / BANDS) };
  }
}
