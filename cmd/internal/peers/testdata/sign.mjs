// Signs requests as Slack's documentation tells senders and receivers to, and has Slack's own check accept them first.
import { createHmac } from 'node:crypto'
import bolt from '@slack/bolt'
import { given, serve } from './lines.mjs'

await serve(async (call, { body, at, secret }) => {
  if (call !== 'sign') throw new Error(call)
  const mac = createHmac('sha256', secret ?? given.signing_secret)
  const headers = {
    'x-slack-request-timestamp': String(at),
    'x-slack-signature': 'v0=' + mac.update(`v0:${at}:${body}`).digest('hex')
  }
  return { headers, valid: bolt.isValidSlackRequest({ signingSecret: given.signing_secret, headers, body }) }
})
