// Bolt with a token that Slack does not take: it must see that trying again is vain.
import bolt from '@slack/bolt'
import { given, quiet, serve, tell } from './lines.mjs'

const app = new bolt.App({
  token: given.token, appToken: given.app_token, socketMode: true, logger: quiet, clientOptions: { slackApiUrl: given.api }
})
try {
  await app.start()
  tell({ event: 'connected' })
} catch (e) {
  tell({ event: 'refused', error: e.data?.error ?? e.message })
}
await serve(async () => null)
