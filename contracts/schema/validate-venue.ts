import type { VenueBody } from './setup.ts';
import { InvalidRequestError } from './validate.ts';

/** The rule that a schema cannot say: whoever needs two approvers needs one. @throws InvalidRequestError */
export function checkVenue(venue: VenueBody): void {
  const faults = (['payoutApproval', 'refundApproval'] as const).flatMap((field) => {
    const limits = venue[field];
    if (!limits || limits.one <= limits.two) return [];
    return [{ field: `${field}.one`, value: String(limits.one), accepted: `${field}.two (${limits.two}) or less` }];
  });
  if (faults.length > 0) throw new InvalidRequestError(faults);
}
