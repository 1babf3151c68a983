/** How far a subscriber has come. */
export interface Place {
  /** What a browser sends back as `Last-Event-ID` to go on from here. */
  readonly id: string;
}
