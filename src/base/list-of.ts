// A schema for lists from strangers: zod tells of every wrong entry, and of ten million of them none is read.
import { z } from 'zod'

/** A list of entries as the schema has them, refused at the first that is not. @param most entries */
export function listOf<Entry>(
  entry: z.ZodType<Entry>,
  most = Infinity,
  message?: string,
): z.ZodType<Entry[]> {
  const isList = (value: unknown) => Array.isArray(value) && value.length <= most
  return z.custom<Entry[]>(isList, message).superRefine((list, context) => {
    if (!isList(list)) return
    for (let i = 0; i < list.length; i++) {
      const [issue] = entry.safeParse(list[i]).error?.issues ?? []
      if (!issue) continue
      context.addIssue({ code: 'custom', path: [i, ...issue.path], message: issue.message })
      return
    }
  })
}
