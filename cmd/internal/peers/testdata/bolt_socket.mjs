// A small app on Slack's Bolt in Socket Mode, as its guide has it.
import bolt from '@slack/bolt'
import { given, quiet, serve, tell } from './lines.mjs'

const app = new bolt.App({
  token: given.token, appToken: given.app_token, socketMode: true, logger: quiet, clientOptions: { slackApiUrl: given.api }
})

app.command('/firebreak', async ({ command, ack, respond, context, body }) => {
  tell({ event: 'command', payload: command, retry: context.retryNum, reason: context.retryReason, bot: context.botId, team: body.team_id })
  if (command.text === 'hold') return // and never acknowledge
  if (command.text === 'hold once' && context.retryNum === undefined) return
  await ack({ response_type: 'ephemeral', text: 'seen' })
  await respond({ response_type: 'ephemeral', text: `You wrote: ${command.text}` })
})

app.action('approve', async ({ action, body, ack, respond }) => {
  await ack()
  tell({ event: 'press', action, user: body.user, message: body.message, channel: body.channel, container: body.container })
  await respond({ replace_original: true, text: `Approved by <@${body.user.id}>` })
})

app.error(async (e) => { tell({ event: 'error', error: e.message }) })

const socket = app.receiver.client
socket.on('connected', () => tell({ event: 'connected' }))
socket.on('close', () => tell({ event: 'closed' }))
await app.start()

await serve(async (call, args) => {
  if (call === 'stop') return app.stop()
  return app.client[call.split('.')[0]][call.split('.')[1]](args)
})
