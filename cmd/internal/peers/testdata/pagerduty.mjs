// PagerDuty's own client, which makes the calls that the test asks for.
import pagerduty from '@pagerduty/pdjs'
import { given, serve } from './lines.mjs'

const { api, acknowledge, change, event, resolve, trigger } = pagerduty
const rest = api({ token: given.token, server: given.server, headers: { From: 'ana@acme.example' } })
const events = { trigger, acknowledge, resolve, change, event }

// told is what the client makes of an answer.
const told = ({ status, data, resource, next }) => ({ status, data, resource, more: next !== undefined })

await serve(async (call, args) => {
  if (call in events) return told(await events[call]({ server: given.server, retryTimeout: 10, data: args }))
  if (call === 'all') return told(await rest.all(args.endpoint, { data: args.data ?? {} }))
  return told(await rest[call](args.endpoint, { retryTimeout: 10, data: args.data ?? undefined }))
})
