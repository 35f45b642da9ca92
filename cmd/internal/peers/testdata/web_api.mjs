// Slack's Web API client, which makes the calls that the test asks for.
import { WebClient, WebClientEvent } from '@slack/web-api'
import { given, quiet, serve, tell } from './lines.mjs'

const client = new WebClient(given.token, {
  slackApiUrl: given.api,
  logger: quiet,
  rejectRateLimitedCalls: given.reject ?? false,
  retryConfig: { retries: 2, minTimeout: 1, maxTimeout: 10 }
})
client.on(WebClientEvent.RATE_LIMITED, (seconds, { url }) => tell({ event: 'limited', seconds, url }))

await serve(async (call, args) => {
  if (call === 'pages') { // every page of a method, as the client walks them
    const pages = []
    for await (const page of client.paginate(args.method, args.of)) pages.push(page)
    return pages
  }
  if (call === 'upload') return client.filesUploadV2({ ...args, file: Buffer.from(args.file, 'base64') })
  if (call === 'uploads') return client.filesUploadV2({ ...args, file_uploads: args.file_uploads.map((f) => ({ ...f, file: Buffer.from(f.file, 'base64') })) })
  const method = call.split('.').reduce((at, name) => at?.[name], client)
  if (method === undefined) throw new Error(`Slack's client knows no ${call}`)
  return method(args ?? {})
})
