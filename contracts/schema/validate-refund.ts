import { RefundRequest } from './refund.ts';
import { createValidator, type FieldFault, InvalidRequestError } from './validate.ts';

const checkShape = createValidator(RefundRequest);

/** Rules that a schema cannot say: one way to say how much, and which tickets are burned has to be known. */
function agreementFaults({ amount, ticketIds, tickets }: RefundRequest): FieldFault[] {
  const faults: FieldFault[] = [];
  if (amount !== undefined && ticketIds)
    faults.push({ field: 'amount', value: String(amount), accepted: 'either amount or ticketIds, not both' });
  if (tickets === 'burn' && amount !== undefined && !ticketIds)
    faults.push({
      field: 'tickets',
      value: '"burn"',
      accepted: 'keep where there is an amount; to burn, name ticketIds, or leave out both for all that is left',
    });
  ticketIds?.forEach((ticketId, index) => {
    if (ticketIds.indexOf(ticketId) < index)
      faults.push({
        field: `ticketIds[${index}]`,
        value: JSON.stringify(ticketId),
        accepted: 'a ticket that is not in the list yet',
      });
  });
  return faults;
}

/** Checks a request for a refund whole. Throws {@link InvalidRequestError}; nothing was started then. */
export function validateRefundRequest(value: unknown): RefundRequest {
  const request = checkShape(value);
  const faults = agreementFaults(request);
  if (faults.length > 0) throw new InvalidRequestError(faults);
  return request;
}
