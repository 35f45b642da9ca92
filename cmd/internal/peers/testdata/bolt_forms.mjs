// A small app on Slack's Bolt in Socket Mode with a form, a shortcut, a page of its own, and an ear for emoji.
import bolt from '@slack/bolt'
import { given, quiet, serve, tell } from './lines.mjs'

const text = (t) => ({ type: 'plain_text', text: t })
const form = (title) => ({
  type: 'modal',
  callback_id: 'declare',
  private_metadata: 'inc-1',
  title: text(title),
  submit: text('Declare'),
  close: text('Cancel'),
  blocks: [
    { type: 'input', block_id: 'title', label: text('What is wrong'), element: { type: 'plain_text_input', action_id: 'v', max_length: 100 } },
    {
      type: 'input',
      block_id: 'severity',
      label: text('How bad'),
      element: { type: 'static_select', action_id: 'v', options: ['page', 'ticket'].map((v) => ({ text: text(v), value: v })) }
    }
  ]
})

const app = new bolt.App({
  token: given.token, appToken: given.app_token, socketMode: true, logger: quiet, clientOptions: { slackApiUrl: given.api }
})
app.command('/firebreak', async ({ body, ack, client }) => {
  await ack()
  const { view } = await client.views.open({ trigger_id: body.trigger_id, view: form('Declare') })
  await client.views.update({ view_id: view.id, hash: view.hash, view: form('Declare it') })
  tell({ event: 'opened', view: view.id })
  try {
    await client.views.open({ trigger_id: body.trigger_id, view: form('Declare') })
  } catch (e) {
    tell({ event: 'refused', error: e.data.error })
  }
})
app.view('declare', async ({ view, body, ack }) => {
  const values = view.state.values
  const said = { title: values.title.v.value, severity: values.severity.v.selected_option?.value, meta: view.private_metadata, user: body.user.id }
  await ack(said.title === 'it' ? { response_action: 'errors', errors: { title: 'Say more' } } : undefined)
  tell({ event: 'submitted', ...said })
})
app.view({ callback_id: 'declare', type: 'view_closed' }, async ({ body, ack }) => {
  await ack()
  tell({ event: 'cancelled', user: body.user.id })
})
app.shortcut('note', async ({ shortcut, ack }) => {
  await ack()
  tell({ event: 'shortcut', kind: shortcut.type, message: shortcut.message.ts, channel: shortcut.channel.id })
})
app.event('reaction_added', async ({ event }) => { tell({ event: 'reaction', emoji: event.reaction, user: event.user, item: event.item }) })
app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({
    user_id: event.user, view: { type: 'home', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'Nothing is open.' } }] }
  })
  tell({ event: 'home', user: event.user })
})
app.error(async (e) => { tell({ event: 'error', error: e.message }) })
app.receiver.client.on('connected', () => tell({ event: 'connected' }))
await app.start()
await serve(async (call) => { if (call === 'stop') await app.stop() })
