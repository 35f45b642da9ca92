// One stand-in of npm's emulate.
import { webcrypto } from 'node:crypto'
import { createEmulator } from 'emulate'
import { given, serve, tell } from './lines.mjs'

globalThis.crypto ??= webcrypto // which Node.js 18 has under this name only, and emulate proves an App's signature with

const emulator = await createEmulator({ service: given.service, port: 0, seed: given.seed })
tell({ event: 'listening', url: emulator.url, secrets: emulator.generatedSecrets })
await serve(async () => null)
