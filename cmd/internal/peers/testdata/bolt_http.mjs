// A small app on Slack's Bolt behind HTTP, and Slack's own check of signatures.
import bolt from '@slack/bolt'
import { given, quiet, serve, tell } from './lines.mjs'

const app = new bolt.App({
  token: given.token,
  signingSecret: given.signing_secret,
  endpoints: ['/slack/commands', '/slack/interactions'],
  logger: { ...quiet, warn () {}, error () {} }, // what it refuses is looked at by the test
  clientOptions: { slackApiUrl: given.api }
})
app.command('/firebreak', async ({ command, ack }) => {
  tell({ event: 'command', payload: command })
  await ack({ response_type: 'ephemeral', text: 'seen' })
})
app.action('approve', async ({ action, ack }) => {
  tell({ event: 'press', action })
  await ack()
})
const server = await app.start({ port: 0, host: '127.0.0.1' })
tell({ event: 'listening', url: `http://127.0.0.1:${server.address().port}` })

await serve(async (call, { headers, body, now }) => {
  if (call !== 'verify') throw new Error(call)
  bolt.verifySlackRequest({ signingSecret: given.signing_secret, headers, body, nowMilliseconds: now })
})
