import type { FastifyReply } from 'fastify';

/** As a file of that name. `csv` is sent as it is: the app's serializer would quote it. */
export const sendCsv = (reply: FastifyReply, name: string, csv: string) =>
  reply
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .type('text/csv; charset=utf-8')
    .serializer((text: unknown) => String(text))
    .send(csv);

export const wantsCsv = (accept: string | undefined) => /\btext\/csv\b/u.test(accept ?? '');
