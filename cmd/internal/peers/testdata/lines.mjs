// How a script talks with the test that started it: JSON objects, one a line, both ways. It ends when the test closes its side.
import { createInterface } from 'node:readline'

// given is what the test starts the script with.
export const given = JSON.parse(process.env.PEER_GIVEN)

export const tell = (line) => { process.stdout.write(JSON.stringify(line) + '\n') }

// serve answers each line of the test, in order, with what its call returns or with the error that it throws.
export async function serve (answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, args } = JSON.parse(line)
    try {
      tell({ answer: call, result: await answer(call, args) ?? null })
    } catch (e) {
      tell({ answer: call, error: e.data?.error ?? e.message, code: e.code, retry_after: e.retryAfter })
    }
  }
  process.exit(0)
}

// quiet is a logger for Slack's libraries: standard output belongs to the lines above.
export const quiet = {
  debug () {}, info () {}, warn: console.error, error: console.error, setLevel () {}, getLevel: () => 'warn', setName () {}
}
