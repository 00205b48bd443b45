let wanted = false;

/** Do requests make spans? Looked at with every request: asking the context each time costs more. */
export function spansWanted(): boolean {
  return wanted;
}

export function wantSpans(on: boolean): void {
  wanted = on;
}
