// This file is imported before everything else: schemas that compile themselves would break the page's content security
// policy.
import { config } from 'zod'

config({ jitless: true })
