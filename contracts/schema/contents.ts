import { Type, type Static } from 'typebox';

/** What may stand in a message and nowhere else: it is kept until it expires, and a reference stands for it. */
export const MessageContentBody = Type.Object(
  {
    link: Type.Optional(
      Type.String({ pattern: '^https://[^\\s"<>]{1,2000}$', description: 'link: https://…, 2000 characters at most' }),
    ),
    code: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9-]{4,12}$', description: 'code: 4 to 12 letters, digits or "-"' }),
    ),
    minutes: Type.Integer({
      minimum: 1,
      maximum: 1_440,
      description: 'minutes: how long it is valid, 1 to 1440',
    }),
  },
  {
    additionalProperties: false,
    // `minutes` and one more.
    minProperties: 2,
    description: 'a link, a code or both, and the minutes for which they are valid',
  },
);
export type MessageContentBody = Static<typeof MessageContentBody>;
