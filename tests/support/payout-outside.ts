import type {
  PayoutReservation,
  PayoutReturnResult,
  ProviderPayout,
  ProviderTransfer,
  VenueObstacle,
} from '../../contracts/payout.ts';

/** What a payout does to the world. */
export interface PayoutOutside {
  books: 'untouched' | 'waiting' | 'reserved' | 'transferred' | 'created' | 'settled' | 'released';
  /** What the reservation answers, where it differs from every test's. */
  reservation?: Partial<PayoutReservation>;
  /** What stands in the venue's way at each look, the reservation's included; nothing once they are used up. */
  obstacles: (VenueObstacle | undefined)[];
  transfer?: ProviderTransfer;
  /** How the payout stands at each look, its creation being the first; the last one stays. */
  statuses: ProviderPayout['status'][];
  /** Once it exists. */
  atProvider?: ProviderPayout;
  /** What a return was booked as. */
  returned?: PayoutReturnResult;
  /** Ids of what was started besides. */
  started: string[];
}
